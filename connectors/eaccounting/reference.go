package eaccounting

import (
	"context"
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
)

// referencePaths maps the tables of reference data to their paths.
var referencePaths = map[string]string{
	"companySettings":       "companysettings",
	"termsOfPayment":        "termsofpayments",
	"units":                 "units",
	"deliveryMethods":       "deliverymethods",
	"deliveryTerms":         "deliveryterms",
	"articleAccountCodings": "articleaccountcodings",
	"currencies":            "currencies",
	"countries":             "countries",
	"fiscalYears":           "fiscalyears",
	"vatCodes":              "vatcodes",
	"accounts":              "accounts",
}

// Reference returns companySettings as a JSON object and every other table as a JSON array
// of all its entries. Ids differ from company to company: look entries up by name or number.
// Tables beyond the consented scopes give port.ErrPermission.
func (c *Connector) Reference(ctx context.Context, name string, refresh bool) ([]byte, error) {
	path := referencePaths[name]
	if path == "" {
		return nil, fmt.Errorf("%s: there is no reference data %q", Name, name)
	}
	read := c.readTable
	if name == "companySettings" {
		read = c.readObject
	}
	return c.tables.Get(name, refresh, time.Now, func() ([]byte, error) { return read(ctx, path) })
}

func (c *Connector) readObject(ctx context.Context, path string) ([]byte, error) {
	resp, err := c.api.Do(ctx, rest.Request{Path: "/" + path, Route: "/" + path})
	if err != nil {
		return nil, err
	}
	if err := object("GET /"+path, resp.Body); err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func (c *Connector) readTable(ctx context.Context, path string) ([]byte, error) {
	raw, known := []byte{'['}, map[string]bool{}
	err := c.each(ctx, path, nil, maxPage, func(item gjson.Result) bool {
		if !known[item.Raw] {
			known[item.Raw] = true
			if len(raw) > 1 {
				raw = append(raw, ',')
			}
			raw = append(raw, item.Raw...)
		}
		return true
	})
	return append(raw, ']'), err
}
