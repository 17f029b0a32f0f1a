package shopware

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// canned answers searches with what it is given, in turn.
func canned(t *testing.T, answers ...string) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil // the clock of the shop is not told
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/oauth/token") {
			fmt.Fprint(w, `{"token_type":"Bearer","expires_in":600,"access_token":"a.b.c"}`)
			return
		}
		if r.Header.Get("Accept") != "application/json" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", r.Header)
		}
		fmt.Fprint(w, answers[0])
		if len(answers) > 1 {
			answers = answers[1:]
		}
	}))
	c, err := Open(connectors.Config{Name: "webshop", URL: srv.URL, Credentials: map[string]string{"accessKeyId": "SWIA", "secretAccessKey": "s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return c
}

func captured(t *testing.T, number string) string {
	t.Helper()
	return string(contract.OneExchange(t, "testdata/exchanges", number).Response.Body)
}

// TestReadOfARealShop reads the answers that a running shop gave.
func TestReadOfARealShop(t *testing.T) {
	c := canned(t, captured(t, "249"), captured(t, "230"))
	docs := read(t, c, port.Query{Resource: "order"})
	if got := keys(docs); !slices.Equal(got, []string{"10002"}) { // the one order that both answers hold
		t.Fatalf("orders %v", got)
	}
	// Its own updatedAt is null; the delivery was returned last.
	if want := time.Date(2026, 11, 21, 21, 14, 57, 506e6, time.UTC); !docs[0].ChangedAt.Equal(want) {
		t.Errorf("changed at %v, want %v", docs[0].ChangedAt, want)
	}
	want := gjson.Get(captured(t, "230"), `data.#(orderNumber=="10002")`).Raw
	if string(docs[0].Body) != want {
		t.Error("the body is not what the shop sent, byte by byte")
	}
}

// TestRequestsAreThoseOfTheCaptures holds the bodies of the requests against the form that
// a running shop was seen to take.
func TestRequestsAreThoseOfTheCaptures(t *testing.T) {
	q := resources["order"].stampsOnly()
	q.Filter = []filter{resources["order"].changedSince(time.Date(2026, 11, 21, 21, 0, 0, 0, time.FixedZone("", 3600)))}
	q.Limit = 500
	q.Sort = []sorting{{Field: "autoIncrement"}}
	var got any
	if err := json.Unmarshal(q.json(), &got); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/order-stamps.golden.json", text)
	if err := json.Unmarshal(criteria{IDs: []string{"x"}, Associations: resources["order"].load}.json(), &got); err != nil {
		t.Fatal(err)
	}
	if text, err = json.MarshalIndent(got, "", " "); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/order-load.golden.json", text)
}

func TestStrangeAnswers(t *testing.T) {
	for answer, want := range map[string]error{
		`{"total":0,"data":[],"aggregations":[]}`: nil,
		`{"total":0,"data":{}}`:                   port.ErrProtocol,
		`{}`:                                      port.ErrProtocol,
		`[]`:                                      port.ErrProtocol,
		`{"data":[{"id":"1","autoIncrement":1,"createdAt":null,"updatedAt":[],"transactions":{},"deliveries":null}]}`:                          nil,
		`{"data":[{"id":"1","createdAt":"yesterday","transactions":[null,[],{"updatedAt":"2026-01-01T00:00:00.000+00:00"}],"deliveries":[]}]}`: nil,
	} {
		c := canned(t, answer)
		var err error
		for _, e := range c.Read(t.Context(), port.Query{Resource: "order"}) {
			err = e
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", answer, err, want)
		}
	}
	// A shop that does not page by autoIncrement must not be asked for ever.
	row := `{"data":[{"id":"1"}]}`
	c := canned(t, row)
	c.largest.Store(1)
	for _, err := range c.Read(t.Context(), port.Query{Resource: "order"}) {
		if !errors.Is(err, port.ErrProtocol) {
			t.Errorf("no autoIncrement: %v", err)
		}
	}
}
