package flow_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// TestReferencesAreReadAgainAfterAMiss holds that what is made in the target while a planner lives is found by the document that names it, and that a document that names what
// nobody has costs a reading a minute at most.
func TestReferencesAreReadAgainAfterAMiss(t *testing.T) {
	w := newCustomers()
	groups, reads := `[]`, 0
	w.books.reference = func(name string, refresh bool) ([]byte, error) {
		if refresh {
			reads++
			return []byte(groups), nil
		}
		return []byte(`[]`), nil // what the connection had kept
	}
	w.flow.Resources.References = []string{"groups"}
	w.flow.Mappings.Write = mapperOf(t, `EmailAddress: email
  Name: firstName
  Group: 'find(links.reference.groups, .Name == "wholesale").Id ?? fail("there is no such group")'`)
	p := w.process(t)
	planner := p.Planner()
	handle := func(i int) flow.Result {
		t.Helper()
		r, err := p.Handle(t.Context(), planner, port.Document{Resource: "customer", ID: fmt.Sprintf("c-%d", i), Version: "1", Body: []byte(customer(i))}, flow.Handling{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for i := range 3 {
		if r := handle(i); r.Outcome != flow.Failed || r.Code != flow.FailMapping || reads != 1 {
			t.Fatalf("customer %d: %s %s after %d readings", i, r.Outcome, r.Code, reads)
		}
	}
	groups = `[{"Id":"g-1","Name":"wholesale"}]`
	if err := w.clock.Sleep(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if r := handle(i); r.Outcome != flow.Created || reads != 2 {
			t.Errorf("customer %d: %s %s after %d readings", i, r.Outcome, r.Reason, reads)
		}
	}
}
