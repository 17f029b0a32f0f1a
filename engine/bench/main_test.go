package main

import (
	"strings"
	"testing"
)

func TestRunComparesPeers(t *testing.T) {
	var out strings.Builder
	if err := run([]string{"-w", "tiny,order-1", "-p", "crosswalk,hand-stdjson", "-turns", "1"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tiny: 188 bytes, 1 turns", "order-1: 9086 bytes", "\ncrosswalk ", "\nhand-stdjson ", "by hand-stdjson"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	for _, not := range []string{"gojq", "product:", "by hand-gojson"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%q was not asked for:\n%s", not, &out)
		}
	}
}

func TestRunHelps(t *testing.T) {
	var out strings.Builder
	if err := run([]string{"-h"}, &out); err != nil || !strings.Contains(out.String(), "-goals") {
		t.Errorf("%v: %s", err, &out)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-w orders", `workloads: there is no "orders"`},
		{"-p crosswalk,jq", `peers: there is no "jq"`},
		{"-turns many", "invalid value"},
	} {
		var out strings.Builder
		if err := run(strings.Fields(test.args), &out); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.args, err, test.want)
		}
	}
}
