package project

import (
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// checkSettings holds the flow's settings to what flows of its entity and its mappings declare.
func (a *assembly) checkSettings() {
	known := append(flow.Settings(a.flow.Entity), a.known...)
	var names []string
	for _, s := range known {
		names = append(names, s.Name)
	}
	gjson.ParseBytes(a.flow.Settings).ForEach(func(k, v gjson.Result) bool {
		name := k.String()
		i := slices.IndexFunc(known, func(s engine.Setting) bool { return s.Name == name })
		if i < 0 {
			a.misspelt(a.setting(name), codeUnknownKey, fmt.Sprintf("unknown setting %q", name), names)
			return true
		}
		if problem := flow.Unfit(known[i], v); problem != "" {
			a.report(a.setting(name), codeValue, fmt.Sprintf("the setting %s %s", name, problem), known[i].Help)
		}
		return true
	})
}

// setting is where a setting stands in the flow's file.
func (a *assembly) setting(name string) text {
	if t, ok := a.flow.at["settings."+name]; ok {
		return t
	}
	return a.flow.at["to"]
}

// settingValue is where the value of a setting stands.
func (a *assembly) settingValue(name string) text {
	if t, ok := a.flow.at["value of settings."+name]; ok {
		return t
	}
	return a.setting(name)
}
