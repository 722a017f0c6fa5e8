package password

import (
	"slices"
	"testing"

	"github.com/ccojocar/zxcvbn-go/data"
)

func TestEveryWordIsKnownByItsBestPlaceInTheLists(t *testing.T) {
	places := map[string]uint32{}
	for _, name := range []string{"Passwords", "English", "MaleNames", "FemaleNames", "Surnames"} {
		words := list(t, name)
		if !slices.Equal(quoted(data.MustAsset("data/"+name+".json")), words) {
			t.Fatalf("the words of %s differ from what encoding/json reads", name)
		}
		for i, word := range words {
			if place, known := places[word]; !known || uint32(i+1) < place {
				places[word] = uint32(i + 1)
			}
		}
	}
	common := commonWords()
	t.Logf("%d words in %d kB", len(common.ends), (len(common.text)+8*len(common.ends))/1000)
	if len(common.ends) != len(places) {
		t.Errorf("%d words, want %d", len(common.ends), len(places))
	}
	for word, place := range places {
		soFar, found := common.all(), true
		for _, letter := range word {
			if soFar, found = common.next(soFar, letter); !found {
				break
			}
		}
		if !found {
			t.Fatalf("%q is not known", word)
		}
		if got, rank := common.whole(soFar); got != word || rank != place {
			t.Errorf("%q is known as %q at place %d, want %d", word, got, rank, place)
		}
	}
}

func BenchmarkReadWords(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		readWords()
	}
}
