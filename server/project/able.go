package project

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// webhooks reports a flow that waits for calls which its source does not make, or which its connection cannot believe.
func (a *assembly) webhooks() {
	if !a.flow.Trigger.Webhook {
		return
	}
	at := a.flow.at["value of trigger.webhook"]
	if !a.from.Webhooks {
		a.report(at, codeValue, a.from.Title+" has no webhooks", "write `every: 5m` or a cron, so that the flow asks by itself")
		return
	}
	c, _ := a.project.Connection(a.flow.From)
	var lacking []string
	for _, need := range a.from.Credentials {
		if !need.Webhooks {
			continue
		}
		if slices.ContainsFunc(c.credentials, func(have credential) bool { return have.name == need.Name }) {
			return // which of them a call needs is the connector's business
		}
		lacking = append(lacking, need.Name)
	}
	if len(lacking) > 0 {
		a.report(at, codeMissingCredential, fmt.Sprintf("the connection %q refuses every webhook, because it lacks the credential %s", c.Name, strings.Join(lacking, " or ")),
			a.from.Credentials[slices.IndexFunc(a.from.Credentials, func(c connectors.Credential) bool { return c.Name == lacking[0] })].Help)
	}
}

// productTypes reports a condition that lets only products through which the target does not take: such a flow would do nothing, in peace.
func (a *assembly) productTypes(where *engine.Condition, r flow.Resources) {
	if a.flow.Entity != port.Product || r.Target == "" {
		return
	}
	words, ok := where.Needs("type")
	split := gjson.GetBytes(a.flow.Settings, "unsupportedTypes").String() == "split"
	takes := func(kind string) bool {
		return r.Takes(kind) || split && kind == "variants" && r.Takes("simple")
	}
	if !ok || len(words) == 0 || slices.ContainsFunc(words, takes) {
		return
	}
	help := a.to.Impossible[words[0]]
	if slices.Contains(words, "variants") {
		help = strings.TrimSpace(help + " With settings: {unsupportedTypes: split} each variant becomes a product of its own.")
	}
	a.report(a.flow.at["where"], codeValue, fmt.Sprintf("%s takes no products of the type %s, and no others pass the condition", a.to.Title, strings.Join(words, " or ")), help)
}
