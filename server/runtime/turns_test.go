package runtime_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// TestTokensTakeTurns lets two processes of one store, and one that opens it for each call, renew the token of a connection: one at a time.
func TestTokensTakeTurns(t *testing.T) {
	dir := t.TempDir()
	owner, err := runtime.Open(t.Context(), dir, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(context.Background())
	joined, err := runtime.Open(t.Context(), dir, runtime.Options{Join: true})
	if err != nil {
		t.Fatal(err)
	}
	defer joined.Close(context.Background())
	var wg sync.WaitGroup
	var inside atomic.Int32
	for _, store := range []connectors.TokenStore{owner.Tokens(), owner.Tokens(), joined.Tokens(), runtime.TokensIn(dir)} {
		wg.Go(func() {
			for range 3 {
				release, err := store.(connectors.TokenLocker).LockToken(t.Context(), "books")
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d at a time", n)
				}
				token, err := store.Token(t.Context(), "books")
				if err := errors.Join(err, store.SaveToken(t.Context(), "books", token+".")); err != nil {
					t.Error(err)
				}
				inside.Add(-1)
				release()
			}
		})
	}
	wg.Wait()
	if token, err := owner.Tokens().Token(t.Context(), "books"); token != "............" || err != nil {
		t.Errorf("%q, %v", token, err)
	}

	locker := owner.Tokens().(connectors.TokenLocker)
	release, err := locker.LockToken(t.Context(), "books")
	if err != nil {
		t.Fatal(err)
	}
	other, err := locker.LockToken(t.Context(), "shop") // another connection waits for nobody
	if err != nil {
		t.Fatal(err)
	}
	other()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := locker.LockToken(ctx, "books"); !errors.Is(err, context.Canceled) {
		t.Errorf("who gives up: %v", err)
	}
	release()
}
