package engine

import "testing"

// Line ends of Windows, also among others, do not move places.
func TestPlacesWithWindowsLineEnds(t *testing.T) {
	for _, text := range []string{
		"from: any\r\nto: any\r\nrules:\r\n  # x\r\n  a: 'b +'\r\n",
		"from: any\nto: any\nrules:\n  # x\r\n  a: 'b +'\n",
		"from: any\r\nto: any\nrules:\r\n\r\n  a: 'b +'\r\n  c: d\n",
	} {
		diags := Analyze("a.yaml", []byte(text)).Diagnostics()
		if len(diags) != 1 || diags[0].Pos.String() != "a.yaml:5:9" || diags[0].Snippet != "  a: 'b +'" {
			t.Errorf("%q: %v", text, diags)
		}
	}
}
