package shopware

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const page = "../../docs/systems/shopware.md"

// TestPrivilegesPage holds the page's table of privileges to what the shop asks for; -update writes it. A sandbox whose
// role has none refuses a call and names what is missing, until the role has enough.
func TestPrivilegesPage(t *testing.T) {
	everything := open0(t) // whose ids are those of every sandbox
	first := func(table string) string { return gjson.GetBytes(everything.reference(t, table), "0.id").String() }
	customer := string(everything.customerBody(t, "ada@example.nl"))
	order := string(everything.orderBody(t))
	amount := gjson.Get(order, "shippingCosts").Value()
	order = with(t, order, "transactions", []any{map[string]any{"paymentMethodId": first("paymentMethods"), "stateId": first("transactionStates"), "amount": amount}},
		"deliveries", []any{map[string]any{"shippingMethodId": first("shippingMethods"), "stateId": first("deliveryStates"), "shippingCosts": amount,
			"shippingOrderAddressId": gjson.Get(order, "billingAddressId").String(), "shippingDateEarliest": "2026-06-01", "shippingDateLatest": "2026-06-02"}})
	uses := []struct {
		what string
		call func(*shop) error
	}{
		{"orders are read", func(s *shop) error { return readAll(t, s, "order") }},
		{"articles are made of the shop's products (`missingProduct: create`)", func(s *shop) error {
			_, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-MUG-350"})
			return err
		}},
		{"products are read", func(s *shop) error { return readAll(t, s, "product") }},
		{"customers are read", func(s *shop) error { return readAll(t, s, "customer") }},
		{"stock is read", func(s *shop) error { return readAll(t, s, "stock") }},
		{"products are written, with all that they may name", func(s *shop) error {
			return writes(s, "product", sweater, `{"ean":"2","crosswalk":{"related":["NK-MUG-350"],"images":[{"url":"https://cdn.example.com/front.jpg","hash":"f2"}]},"visibilities":[{"salesChannelId":"`+first("salesChannels")+`","visibility":30}]}`)
		}},
		{"customers are written", func(s *shop) error {
			return writes(s, "customer", customer, `{"addresses":[{"id":"`+gjson.Get(customer, "addresses.0.id").String()+`","city":"B"}]}`)
		}},
		{"orders are written", func(s *shop) error {
			return writes(s, "order", order, `{"customerComment":"B"}`)
		}},
		{"stock is written", func(s *shop) error {
			docs, err := s.Find(t.Context(), "stock", port.Key{Field: port.KeySKU, Value: "NK-MUG-350"})
			if err == nil {
				_, err = s.Update(t.Context(), "stock", docs[0].ID, []byte(`{"stock":3}`))
			}
			return err
		}},
		{"tables of write mappings are read", func(s *shop) error {
			for _, r := range references {
				if _, err := s.Reference(t.Context(), r.name, false); err != nil {
					return err
				}
			}
			return nil
		}},
	}
	var table strings.Builder
	table.WriteString("| for | privileges |\n|---|---|\n")
	for _, use := range uses {
		fmt.Fprintf(&table, "| %s | `%s` |\n", use.what, strings.Join(needed(t, use.call), "` `"))
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), "<!-- privileges -->\n")
	_, after, end := strings.Cut(rest, "<!-- end -->")
	if !ok || !end {
		t.Fatalf("%s has no section of privileges", page)
	}
	want := before + "<!-- privileges -->\n" + table.String() + "<!-- end -->" + after
	if *updateGolden {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s does not tell the privileges that are needed: go test ./connectors/shopware -run PrivilegesPage -update\n%s", page, table.String())
	}
}

// writes does what a flow does: it looks for a document, makes it and changes it.
func writes(s *shop, resource, body, change string) error {
	_, err := s.Find(context.Background(), resource, port.Key{Field: port.KeyNumber, Value: "not there"})
	if err != nil {
		return err
	}
	d, err := s.Create(context.Background(), resource, []byte(body))
	if err == nil {
		_, err = s.Update(context.Background(), resource, d.ID, []byte(change))
	}
	return err
}

func readAll(t *testing.T, s *shop, resource string) error {
	for _, err := range s.Read(t.Context(), port.Query{Resource: resource}) {
		if err != nil {
			return err
		}
	}
	return nil
}

// needed returns the privileges that a call needs, least first named.
func needed(t *testing.T, call func(*shop) error) []string {
	t.Helper()
	role := []string{"nothing:read"}
	for range 20 {
		const key, secret = "SWIAROLEWITHFEWRIGHTS00001", "sandbox-secret-of-the-role"
		s := start(t, t.Cleanup, connectors.SandboxOptions{},
			connectors.Config{Credentials: map[string]string{"accessKeyId": key, "secretAccessKey": secret}}, sandbox.WithIntegration(key, secret, role...))
		err := call(s)
		if err == nil {
			role = role[1:]
			slices.Sort(role)
			return role
		}
		var e *port.Error
		if !errors.As(err, &e) || !errors.Is(e, port.ErrPermission) {
			t.Fatal(err)
		}
		_, names, ok := strings.Cut(e.Message, "lacks the privileges ")
		if !ok || strings.HasSuffix(names, "...") {
			t.Fatalf("the error does not name what is missing: %v", err)
		}
		role = append(role, strings.Split(names, ", ")...)
	}
	t.Fatal("there is no end of privileges")
	return nil
}
