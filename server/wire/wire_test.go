package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/server/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func system(t *testing.T, name string) connectors.System {
	t.Helper()
	for _, s := range all.Systems() {
		if s.Spec.Name == name {
			return s
		}
	}
	t.Fatalf("no system %s", name)
	return connectors.System{}
}

func record(t *testing.T, name string, w wire.Write) wire.Recording {
	t.Helper()
	got, err := wire.Record(t.Context(), system(t, name), w)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCreate(t *testing.T) {
	body := `{"Name":"Sanne de Vries","EmailAddress":"sanne@example.nl","IsPrivatePerson":true,"TermsOfPaymentId":"x"}`
	got := record(t, "eaccounting", wire.Write{Resource: "customer", Body: []byte(body)})
	if len(got.Requests) == 0 || got.Requests[0].Method != "POST" || !strings.HasPrefix(got.Requests[0].Path, "/v2/customers") {
		t.Fatalf("requests %+v, refused %s", got.Requests, got.Refused)
	}
	if !strings.Contains(string(got.Requests[0].Body), `"sanne@example.nl"`) {
		t.Errorf("the body is %s", got.Requests[0].Body)
	}
	if got.Refused == "" {
		t.Error("terms of payment that the sandbox does not have are taken")
	}
}

func TestUpdateReplacesWhole(t *testing.T) {
	got := record(t, "eaccounting", wire.Write{Resource: "customer", Update: true, Body: []byte(`{"Name":"Another name"}`)})
	if len(got.Requests) != 1 || got.Requests[0].Method != "PUT" || got.Reads == 0 || got.Updated == "" {
		t.Fatalf("%+v", got)
	}
	var sent map[string]any
	if err := json.Unmarshal(got.Requests[0].Body, &sent); err != nil || sent["Name"] != "Another name" || len(sent) < 5 {
		t.Errorf("the whole document is to be sent, with what changes: %v %v", err, sent)
	}
}

// TestNoSecret holds that credentials of the sandbox, which stand for true ones, are nowhere in what is shown.
func TestNoSecret(t *testing.T) {
	for _, s := range all.Systems() {
		var secrets []string
		sandbox := s.Sandbox(connectors.SandboxOptions{})
		for _, c := range s.Spec.Credentials {
			if v := sandbox.Credentials()[c.Name]; c.Secret && len(v) > 3 {
				secrets = append(secrets, v)
			}
		}
		for _, r := range s.Spec.Resources {
			for _, update := range []bool{false, true} {
				got, err := wire.Record(t.Context(), s, wire.Write{Resource: r.Name, Update: update, Body: []byte(`{"name":"x"}`)})
				if errors.Is(err, wire.ErrNot) {
					if !update && r.Create {
						t.Errorf("%s.%s: %v", s.Spec.Name, r.Name, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s.%s: %v", s.Spec.Name, r.Name, err)
				}
				if len(got.Requests) == 0 && got.Refused == "" && got.Updated == "" {
					t.Errorf("%s.%s: nothing is sent, and nothing said", s.Spec.Name, r.Name)
				}
				text, _ := json.Marshal(got)
				for _, secret := range secrets {
					if strings.Contains(string(text), secret) {
						t.Errorf("%s.%s shows a credential", s.Spec.Name, r.Name)
					}
				}
			}
		}
	}
}

func TestNot(t *testing.T) {
	_, err := wire.Record(t.Context(), system(t, "eaccounting"), wire.Write{Resource: "invoice", Update: true, Body: []byte(`{}`)})
	if !errors.Is(err, wire.ErrNot) {
		t.Errorf("got %v", err)
	}
	_, err = wire.Record(t.Context(), system(t, "eaccounting"), wire.Write{Resource: "rocket", Body: []byte(`{}`)})
	if !errors.Is(err, wire.ErrNot) {
		t.Errorf("got %v", err)
	}
}
