package engine_test

import (
	"slices"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

func TestConditionNeeds(t *testing.T) {
	for _, c := range []struct {
		where string
		want  []string
		open  bool
	}{
		{where: `type == "grouped"`, want: []string{"grouped"}},
		{where: `"grouped" == doc.type`, want: []string{"grouped"}},
		{where: `active and (type == "grouped" or type == "variants") and sku != ""`, want: []string{"grouped", "variants"}},
		{where: `type in ["grouped", "variants"] and type != "simple"`, want: []string{"grouped", "variants"}},
		{where: `type in ["grouped", "variants"] and type in ["variants", "simple"]`, want: []string{"variants"}},
		{where: `type == "grouped" or active`, open: true},
		{where: `not (type == "grouped")`, open: true},
		{where: `lower(type) == "grouped"`, open: true},
		{where: `sku == "grouped"`, open: true},
		{where: `type in ["grouped", brand]`, open: true},
		{where: `type == brand`, open: true},
		{where: `active`, open: true},
	} {
		cond, err := engine.CompileCondition(c.where, "product", engine.Library(mappings.FS))
		if err != nil {
			t.Errorf("%s: %v", c.where, err)
			continue
		}
		words, ok := cond.Needs("type")
		if ok == c.open || ok && !slices.Equal(words, c.want) {
			t.Errorf("%s: %v, %t", c.where, words, ok)
		}
	}
}
