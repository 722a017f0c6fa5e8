package public

import (
	"bytes"
	"testing"
)

func TestAssetsAreWhatPagesLinkToAndNotTheCommonPasswords(t *testing.T) {
	linked := []string{StylePath, ScriptPath, PasskeyPath, HtmxPath, IconPath}
	for _, path := range linked {
		asset, ok := Lookup(path)
		if !ok || len(asset.Plain) == 0 {
			t.Errorf("%s is not served", path)
		}
		if bytes.Contains(asset.Plain, CommonPasswords[:200]) {
			t.Errorf("%s holds the common passwords", path)
		}
	}
	if len(assets) != len(linked) {
		t.Errorf("%d files are served, want the %d that pages link to", len(assets), len(linked))
	}
}
