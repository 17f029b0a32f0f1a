package rest

import (
	"context"
	"iter"

	"github.com/tidwall/gjson"
)

// Pages yields the items of page 1, 2, 3, ... until next says that there are no more. next keeps
// a marker between calls where the system pages by one. An error, or the context's end, is the last element.
func Pages[T any](ctx context.Context, next func(ctx context.Context, page int) (items []T, more bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for page := 1; ; page++ {
			if err := context.Cause(ctx); err != nil {
				yield(none, err)
				return
			}
			items, more, err := next(ctx, page)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

// RawList is a JSON list of the rows as they came.
func RawList(rows []gjson.Result) []byte {
	list := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, row.Raw...)
	}
	return append(list, ']')
}
