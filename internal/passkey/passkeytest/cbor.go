package passkeytest

import "encoding/binary"

// The little of CBOR (RFC 8949) that an authenticator writes.

func cborHead(kind byte, number uint64) []byte {
	switch {
	case number < 24:
		return []byte{kind<<5 | byte(number)}
	case number < 1<<8:
		return []byte{kind<<5 | 24, byte(number)}
	}
	return binary.BigEndian.AppendUint16([]byte{kind<<5 | 25}, uint16(number))
}

func cborInt(number int) []byte {
	if number < 0 {
		return cborHead(1, uint64(-1-number))
	}
	return cborHead(0, uint64(number))
}

func cborBytes(data []byte) []byte { return append(cborHead(2, uint64(len(data))), data...) }

func cborText(text string) []byte { return append(cborHead(3, uint64(len(text))), text...) }

// cborMap takes keys and values by turns.
func cborMap(items ...[]byte) []byte {
	out := cborHead(5, uint64(len(items)/2))
	for _, item := range items {
		out = append(out, item...)
	}
	return out
}
