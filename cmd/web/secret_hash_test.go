package main

import (
	"encoding/hex"
	"testing"
)

// TestSecretsHaveTheHashesThatAreStored: they are in people's databases and browsers, and the same in the next version.
func TestSecretsHaveTheHashesThatAreStored(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"b58fec2ad412d3cec0240e0ebe11abe6c382b64a23ecc3f3f54f2f1eeceb4c96": hex.EncodeToString(hashPasswordLink("token")),
		"35820db8ccf0253d776ed368cff1cc6ef65db8561ecef2c081d5a682a2f16609": hex.EncodeToString(hashAppToken("token")),
		"ff0f5cf10e4dba267c6d6d851dd81f13fb8f929b0ab6c33264edbbfdb2cee9fa": hex.EncodeToString(hashAppCode("token")),
		"c3ad96e6cc0f081c23198b207c408212d455e7054bd9d7a52aff7e80e231172d": hex.EncodeToString(hashAppPassword("token")),
		"NEqXHeDRAOYnc_naAHcMw7GEqjl_tSHyuZWdyJDvZow":                      hashRun("token"),
		"U0Jp8I_8pVNVgdfCWyGxIE6TOxFsthumN-_Gqy8gpGI":                      nonceHash("token"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
