package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// action serves what is below /_info and /_action.
func (q *request) action() error {
	p := q.path
	get, post := q.r.Method == http.MethodGet, q.r.Method == http.MethodPost
	switch {
	case q.is("_info", "version") && get:
		writeJSON(q.w, http.StatusOK, jsondoc.New("version", q.s.version))
		return nil
	case q.is("_info", "config") && get:
		writeJSON(q.w, http.StatusOK, q.config())
		return nil
	case q.is("_action", "sync") && post:
		body, err := decodeJSON(q.body)
		if err != nil {
			return malformed()
		}
		return q.sync(q.w, body)
	case len(p) >= 4 && p[1] == "number-range" && p[2] == "reserve" && get:
		channel := ""
		if len(p) > 4 {
			channel = p[4]
		}
		return q.reserve(p[3], channel)
	case q.is("_action", "media", "*", "upload") && post:
		return q.upload(p[2])
	case q.is("_action", "media", "provide-name") && get:
		return q.provideName()
	case q.is("_action", "*", "*", "state", "*") && post && transitions[p[1]+".state"] != nil:
		return q.moving(func() error { return q.orderTransition(q.w, p[1], p[2], p[4]) })
	case q.is("_action", "state-machine", "*", "*", "state", "*") && post:
		if _, err := q.accept(); err != nil {
			return err
		}
		return q.moving(func() error { return q.genericTransition(q.w, p[2], p[3], p[5]) })
	case q.is("_action", "state-machine", "*", "*", "state") && get:
		return q.listTransitions(q.w, p[2], p[3])
	}
	return noRoute(q.r)
}

// is matches the path; * stands for any one part.
func (q *request) is(parts ...string) bool {
	if len(parts) != len(q.path) {
		return false
	}
	for i, p := range parts {
		if p != "*" && p != q.path[i] {
			return false
		}
	}
	return true
}

// moving runs a transition, whose body is optional but must be JSON.
func (q *request) moving(do func() error) error {
	if isJSON(q.r) && len(q.body) > 0 {
		if _, err := decodeJSON(q.body); err != nil {
			return malformed()
		}
	}
	q.s.db.begin()
	return do()
}

// reserve takes the next number of a range; a preview does not use it up.
func (q *request) reserve(name, channel string) error {
	numbers := q.numberRange(name)
	if numbers == nil {
		var channelID any
		if channel != "" {
			channelID = channel
		}
		return apiErrors{problem(http.StatusBadRequest, "FRAMEWORK__NO_NUMBER_RANGE_CONFIGURATION",
			fmt.Sprintf("No number range configuration found for entity %q with sales channel %q.", name, channel),
			jsondoc.New("entity", name, "salesChannelId", channelID))}
	}
	start, _ := wholeNumber(numbers.v["start"])
	next := max(start, q.s.ranges[name])
	if q.r.URL.Query().Get("preview") == "" {
		q.s.ranges[name] = next + 1
	}
	writeJSON(q.w, http.StatusOK, jsondoc.New("number", strings.Replace(numbers.str("pattern"), "{n}", strconv.Itoa(next), 1)))
	return nil
}

// numberRange finds the range of an entity, nil where there is none.
func (q *request) numberRange(name string) *row {
	for _, t := range q.s.db.having(q.s.schema.entities["number_range_type"], "technicalName", name) {
		if ranges := q.s.db.having(q.s.schema.entities["number_range"], "typeId", t.str("id")); len(ranges) > 0 {
			return ranges[0]
		}
	}
	return nil
}

// config is what clients use as a ping.
func (q *request) config() *object {
	return jsondoc.New(
		"version", q.s.version, "versionRevision", "",
		"adminWorker", jsondoc.New("enableAdminWorker", true, "enableQueueStatsWorker", true, "enableNotificationWorker", true,
			"transports", []any{"async", "low_priority"}),
		"bundles", jsondoc.New("Framework", jsondoc.New("css", []any{}, "js", []any{q.base + "/bundles/framework/administration/js/framework.js"}, "baseUrl", nil, "type", "plugin")),
		"settings", jsondoc.New("enableUrlFeature", true, "appUrlReachable", true, "appsRequireAppUrl", false,
			"private_allowed_extensions", []any{"jpg", "jpeg", "png", "webp", "pdf"}, "enableHtmlSanitizer", true,
			"enableStagingMode", false, "disableExtensionManagement", false))
}
