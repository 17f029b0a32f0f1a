package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
)

// shop is a running sandbox and a token for it.
type shop struct {
	*Sandbox
	t     *testing.T
	url   string
	token string
}

func start(t *testing.T, opts ...Option) *shop {
	t.Helper()
	s := &shop{Sandbox: New(connectors.SandboxOptions{}, opts...), t: t}
	srv := httptest.NewServer(s.Sandbox)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	creds := s.Credentials()
	body := `{"grant_type":"client_credentials","client_id":"` + creds["accessKeyId"] + `","client_secret":"` + creds["secretAccessKey"] + `"}`
	_, data := s.call("POST", "/api/oauth/token", body)
	if err := json.Unmarshal([]byte(data), &answer); err != nil {
		t.Fatal(err)
	}
	s.token = answer.AccessToken
	return s
}

// call sends JSON and returns status and body; header is name, value, name, value.
func (s *shop) call(method, path, body string, header ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

func TestSmoke(t *testing.T) {
	s := start(t)
	st, b := s.call("POST", "/api/search/order", `{"limit":50,"total-count-mode":1,"sort":[{"field":"orderNumber"}],"associations":{"transactions":{"associations":{"stateMachineState":{}}},"lineItems":{}},"includes":{"order":["orderNumber","price","amountTotal","shippingCosts","transactions","lineItems","createdAt","updatedAt"],"order_transaction":["stateMachineState"],"state_machine_state":["technicalName"],"order_line_item":["label","totalPrice"],"cart_price":["netPrice","totalPrice","calculatedTaxes","positionPrice"],"calculated_price":["totalPrice"],"cart_tax_calculated":["tax","taxRate","price"]}}`)
	t.Log(st, strings.ReplaceAll(b, `{"createdAt"`, "\n{\"createdAt\""))
}
