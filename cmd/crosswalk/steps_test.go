package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestRunSteps runs a flow with a step of each kind between sandboxes: what each did is in the plan, and what fails says where.
func TestRunSteps(t *testing.T) {
	dir := exampleProject(t)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	edit := func(name, old, text string) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(b), old) {
			t.Fatalf("%s has no %q: %v", name, old, err)
		}
		write(name, strings.Replace(string(b), old, text, 1))
	}
	edit("flows/webshop-orders.yaml", "steps:\n", "steps:\n"+`  - {filter: number != "10002"}
  - map: mappings/upper.yaml
    note: capitals for the books
  - script: scripts/more.ts#check
`)
	write("mappings/upper.yaml", "from: order\nto: order\nbase: doc\nrules:\n  custom.town: upper(billing.city)\n")
	write("scripts/more.ts", `
export function check(order: any, { now, settings, source }: any) {
  if (order.number === "10003") throw new Error("no " + order.customer.email);
  log.info("checked", { zone: settings.timeZone, same: source.orderNumber === order.number, now: now === date.now(), random: Math.floor(Math.random() * 1e6) });
  return order;
}`)
	code, dry, stderr := command("run", "webshop-orders", "--project", dir, "--dry-run")
	if code != exitFindings || stderr != "" {
		t.Fatalf("code %d, stderr %s\n%s", code, stderr, dry)
	}
	for _, want := range []string{
		"order 10002 -> invoiceDraft\n  . step 1, filter number != \"10002\": filtered\n  - skip: filtered by step 1, filter number != \"10002\"\n",
		"  . step 1, filter number != \"10002\": passed\n  . step 2, map mappings/upper.yaml: changed\n      custom",
		"  . step 3, script scripts/more.ts#check: unchanged\n  . step 4, script scripts/enrich.ts: changed\n      custom.summary: (absent) -> \"",
		"  log info: checked {\"zone\":\"Europe/Amsterdam\",\"same\":true,\"now\":true,\"random\":",
		"  ! fail: step 3, script scripts/more.ts#check: " + filepath.ToSlash(dir) + "/scripts/more.ts:3:39: error CW2013: threw Error\n    thrown = Error: no ",
		"OurReference: \"",
	} {
		if !strings.Contains(dry, want) {
			t.Errorf("no %q in\n%s", want, dry)
		}
	}
	if strings.Contains(dry, "CW2013: threw Error: no ") {
		t.Error("a message holds a value of the document")
	}

	// What a document logged stands with it, and a replay logs the same.
	logs := func() map[string]string {
		_, out, _ := command("run", "webshop-orders", "--project", dir, "--dry-run", "--json")
		byOrder := map[string]string{}
		for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
			var r struct {
				Document struct{ Key string }
				Logs     []struct {
					Level, Message, Script string
					Data                   struct{ Random json.Number }
				}
			}
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			for _, l := range r.Logs {
				byOrder[r.Document.Key] += l.Level + l.Message + l.Script + l.Data.Random.String()
			}
		}
		return byOrder
	}
	first, second := logs(), logs()
	if len(first) < 4 || !strings.HasPrefix(first["10004"], "infocheckedcheck") || first["10004"] == first["10005"] {
		t.Errorf("the logs are %v", first)
	}
	for number, l := range first {
		if second[number] != l {
			t.Errorf("a replay of %s logs %s, not %s", number, second[number], l)
		}
	}
	if code, out, _ := command("run", "webshop-orders", "--project", dir); code != exitFindings || !strings.Contains(out, "log info: checked") || !strings.Contains(out, "10004    created") {
		t.Errorf("code %d\n%s", code, out)
	}
	sent := logged(t, "webshop-orders", "--project", dir, "--key", "10004")
	if len(sent) != 1 || sent[0].Outcome != "created" {
		t.Fatalf("the activity of 10004: %+v", sent)
	}
	_, page, _ := command("log", "--project", dir, "--entry", strconv.FormatUint(sent[0].ID, 10))
	for _, want := range []string{"  . step 3, script scripts/more.ts#check: unchanged\n", `  log info: checked {"zone":"Europe/Amsterdam","same":true,"now":true,"random":`} {
		if !strings.Contains(page, want) {
			t.Errorf("the activity does not show %q:\n%s", want, page)
		}
	}
	failed := logged(t, "webshop-orders", "--project", dir, "--key", "10003")
	if len(failed) != 1 || failed[0].Outcome != "failed" {
		t.Fatalf("the activity of 10003: %+v", failed)
	}
	if _, page, _ = command("log", "--project", dir, "--entry", strconv.FormatUint(failed[0].ID, 10)); !strings.Contains(page, "  . step 3, script scripts/more.ts#check: failed\n") {
		t.Errorf("the activity does not show the step that failed:\n%s", page)
	}

	// A bomb fails its own document, and the others go on.
	edit("scripts/more.ts", "log.info(", `if (order.number === "10005") { let s = "x"; for (;;) s += s; }
  if (order.number === "10008") for (;;);
  log.info(`)
	_, out, _ := command("run", "webshop-orders", "--project", dir, "--dry-run", "--json", "--from-start")
	for number, want := range map[string]string{"10005": `"outcome":"failed"`, "10008": `"outcome":"failed"`, "10009": `"checked"`} {
		line := ""
		for _, l := range strings.Split(out, "\n") {
			if strings.Contains(l, `"key":"`+number+`"`) {
				line = l
			}
		}
		if !strings.Contains(line, want) || strings.Contains(want, "failed") && !strings.Contains(line, "CW2007") {
			t.Errorf("%s: no %s in %s", number, want, line)
		}
	}

	for name, c := range map[string]struct{ step, want string }{
		"a filter with a slip":        {`{filter: nmber == "1"}`, `flows/webshop-orders.yaml:10:14: error CW1012: unknown name "nmber"`},
		"a mapping that is not there": {`{map: mappings/none.yaml}`, "flows/webshop-orders.yaml:10:11: error CW3012: there is no mapping mappings/none.yaml"},
		"a mapping of something else": {`{map: mappings/invoiceDraft.yaml}`, "flows/webshop-orders.yaml:10:11: error CW3006: the mapping"},
		"a script that is not there":  {`{script: scripts/none.ts}`, `flows/webshop-orders.yaml:10:14: error CW1028: there is no file "scripts/none.ts"`},
		"an export that is not there": {`{script: "scripts/more.ts#chekc"}`, `flows/webshop-orders.yaml:10:14: error CW3012: scripts/more.ts exports no "chekc"`},
		"a script outside":            {`{script: ../more.ts}`, `flows/webshop-orders.yaml:10:14: error CW1028: the script "../more.ts" lies outside of the project`},
		"a script with a slip":        {`{script: scripts/slip.ts}`, `scripts/slip.ts:2:6: error CW1028: Unexpected ";"`},
	} {
		t.Run(name, func(t *testing.T) {
			write("scripts/slip.ts", "const a =\n     ;\n")
			edit("flows/webshop-orders.yaml", `{filter: number != "10002"}`, c.step)
			code, out, _ := command("check", dir)
			edit("flows/webshop-orders.yaml", c.step, `{filter: number != "10002"}`)
			if code != exitFindings || !strings.Contains(filepath.ToSlash(out), c.want) {
				t.Errorf("code %d, no %q in\n%s", code, c.want, out)
			}
		})
	}
}
