package components

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// qrQuiet is the margin that a reader needs, in modules (ISO/IEC 18004).
const qrQuiet = 4

// qrPath draws text as a QR code: the path of its dark modules, and how many modules wide it is. It is "" when the text is
// longer than a code holds.
func qrPath(text string) (path string, size int) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", 0
	}
	var d strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			width := 0
			for x+width < code.Size && code.Black(x+width, y) {
				width++
			}
			if width > 0 {
				fmt.Fprintf(&d, "M%d %dh%dv1h-%dz", x+qrQuiet, y+qrQuiet, width, width)
				x += width
			}
		}
	}
	return d.String(), code.Size + 2*qrQuiet
}
