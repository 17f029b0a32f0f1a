package runtime

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A backup is a gzipped tar: about.json, then for each stream its name.json and its snapshot in pieces (name/1, name/2, ...), and end.json, without
// which it is not whole.
const (
	aboutEntry = "about.json"
	endEntry   = "end.json"
	pieceSize  = 512 << 10
)

// backupOrder is the order in which streams are copied while others write. What a document passes first is copied first, so that what moved on in the
// meantime is there twice rather than nowhere: the cursors before the queue, the queue before the outcomes, the keys last.
var backupOrder = []string{"KV_cursors", "KV_recent", "READS", "WORK", "KV_open", "ACTIVITY", "PAYLOADS", "KV_links", "KV_tokens"}

// BackupAbout says what a backup holds.
type BackupAbout struct {
	Layout  int       `json:"layout"`
	At      time.Time `json:"at"`
	Streams []string  `json:"streams"`
}

// Backup copies everything in the store to w while it goes on being used. What it writes holds the keys and the tokens of the store: whoever has
// it can read everything.
func (r *Runtime) Backup(ctx context.Context, w io.Writer) (BackupAbout, error) {
	about := BackupAbout{Layout: layout, At: time.Now().UTC()}
	for info := range r.js.ListStreams(ctx).Info() {
		if info.Config.Storage == jetstream.FileStorage { // what is in memory does not survive a restart either
			about.Streams = append(about.Streams, info.Config.Name)
		}
	}
	place := func(name string) int {
		if i := slices.Index(backupOrder, name); i >= 0 {
			return i
		}
		return len(backupOrder)
	}
	slices.SortStableFunc(about.Streams, func(a, b string) int { return place(a) - place(b) })
	zip := gzip.NewWriter(w)
	b := &backup{runtime: r, tar: tar.NewWriter(zip), at: about.At}
	err := b.put(aboutEntry, about)
	for _, name := range about.Streams {
		if err == nil {
			err = b.stream(ctx, name)
		}
	}
	if err == nil {
		err = b.put(endEntry, struct{}{})
	}
	if closing := errors.Join(b.tar.Close(), zip.Close()); err == nil { // what failed before fails again
		err = closing
	}
	if err != nil {
		return about, fmt.Errorf("making the backup: %w", err)
	}
	return about, nil
}

type backup struct {
	runtime *Runtime
	tar     *tar.Writer
	at      time.Time
}

func (b *backup) put(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.bytes(name, text)
}

func (b *backup) bytes(name string, data []byte) error {
	if err := b.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: b.at}); err != nil {
		return err
	}
	_, err := b.tar.Write(data)
	return err
}

// apiAnswer is what the server answers to a snapshot or a restore.
type apiAnswer struct {
	Error   *jetstream.APIError `json:"error,omitempty"`
	Config  json.RawMessage     `json:"config,omitempty"`
	State   json.RawMessage     `json:"state,omitempty"`
	Deliver string              `json:"deliver_subject,omitempty"`
}

// api asks the server for something that the client library has no call for.
func (r *Runtime) api(ctx context.Context, subject string, ask any) (apiAnswer, error) {
	var out apiAnswer
	body, ok := ask.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(ask); err != nil {
			return out, err
		}
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	m, err := r.conn.RequestWithContext(ctx, subject, body)
	if err != nil {
		return out, err
	}
	if len(m.Data) > 0 {
		err = json.Unmarshal(m.Data, &out)
	}
	if err == nil && out.Error != nil {
		err = out.Error
	}
	return out, err
}

// stream copies one stream, with every record held to its checksum.
func (b *backup) stream(ctx context.Context, name string) error {
	conn := b.runtime.conn
	inbox := conn.NewInbox()
	sub, err := conn.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return err
	}
	head, err := b.runtime.api(ctx, "$JS.API.STREAM.SNAPSHOT."+name, map[string]any{"deliver_subject": inbox, "chunk_size": pieceSize, "jsck": true})
	if err != nil {
		return fmt.Errorf("stream %s: %w", name, err)
	}
	if err := b.put(name+".json", apiAnswer{Config: head.Config, State: head.State}); err != nil {
		return err
	}
	for n := 1; ; n++ {
		m, err := next(ctx, sub)
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
		if len(m.Data) == 0 {
			if status := m.Header.Get("Status"); status != "" && status != "204" {
				return fmt.Errorf("stream %s: %s %s", name, status, m.Header.Get("Description"))
			}
			return nil
		}
		if err := b.bytes(fmt.Sprintf("%s/%d", name, n), m.Data); err != nil {
			return err
		}
		if m.Reply != "" {
			if err := m.Respond(nil); err != nil {
				return err
			}
		}
	}
}

func next(ctx context.Context, sub *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}

// ErrNotEmpty is the error of a data folder that has a store already.
var ErrNotEmpty = errors.New("the data folder has a store already")

// Restore makes the store of the data folder dir from a backup. Where there is a store already, it is an error that is [ErrNotEmpty], unless that is to be
// replaced: then it is moved to the folder that is returned. A backup that is not whole changes nothing, and neither does a restore that is cut off.
func Restore(ctx context.Context, dir string, from io.ReadSeeker, replace bool) (about BackupAbout, aside string, err error) {
	if about, err = checkBackup(from); err != nil {
		return about, "", fmt.Errorf("the backup cannot be used: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return about, "", err
	}
	lock, err := acquire(filepath.Join(dir, "lock"))
	if err != nil {
		return about, "", fmt.Errorf("%s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if there, err := hasStore(dir); err != nil && !errors.Is(err, errHalfRestored) {
		return about, "", err
	} else if there && !replace {
		return about, "", fmt.Errorf("%s: %w", dir, ErrNotEmpty)
	}
	restored := filepath.Join(dir, restoringFolder)
	if err := os.RemoveAll(restored); err != nil { // of one that was cut off
		return about, "", err
	}
	if err := putTogether(ctx, restored, about, from); err != nil {
		return about, "", errors.Join(fmt.Errorf("restoring: %w", err), os.RemoveAll(restored))
	}
	aside, err = takeOver(dir, time.Now())
	return about, aside, err
}

// putTogether makes a store in an empty folder.
func putTogether(ctx context.Context, dir string, about BackupAbout, from io.ReadSeeker) (err error) {
	r := &Runtime{replicas: 1, log: slog.New(slog.DiscardHandler), broken: newBroken()}
	defer func() { err = errors.Join(err, r.Close(context.WithoutCancel(ctx))) }()
	if err := r.openFolder(ctx, dir, Options{Log: r.log}); err != nil {
		return err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return err
	}
	deliver := ""
	err = eachEntry(from, func(name string, data []byte) error {
		stream, isHead := strings.CutSuffix(name, ".json")
		switch {
		case name == aboutEntry:
			return nil
		case !isHead:
			_, err := r.api(ctx, deliver, data)
			return err
		}
		if deliver != "" { // the one before is over
			if _, err := r.api(ctx, deliver, []byte(nil)); err != nil {
				return err
			}
		}
		if name == endEntry {
			return nil
		}
		var head apiAnswer
		if err := json.Unmarshal(data, &head); err != nil {
			return err
		}
		answer, err := r.api(ctx, "$JS.API.STREAM.RESTORE."+stream, head)
		deliver = answer.Deliver
		return err
	})
	if err != nil {
		return err
	}
	js, err := jetstream.New(r.conn)
	if err != nil {
		return err
	}
	for _, name := range about.Streams {
		if _, err := js.Stream(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// checkBackup reads a backup to its end, which holds it to its checksum.
func checkBackup(from io.Reader) (BackupAbout, error) {
	var about BackupAbout
	whole := false
	err := eachEntry(from, func(name string, data []byte) error {
		whole = name == endEntry
		if name == aboutEntry {
			return json.Unmarshal(data, &about)
		}
		return nil
	})
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, tar.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return about, fmt.Errorf("it is none, or not whole: %w", err)
	case err != nil:
		return about, err
	case !whole || len(about.Streams) == 0:
		return about, errors.New("it is not whole")
	case about.Layout > layout:
		return about, fmt.Errorf("it was made by a newer Crosswalk (layout %d, and this one knows %d)", about.Layout, layout)
	}
	return about, nil
}

// maxPiece bounds an entry of a backup, in bytes.
const maxPiece = 8 << 20

func eachEntry(from io.Reader, do func(name string, data []byte) error) error {
	zip, err := gzip.NewReader(from)
	if err != nil {
		return err
	}
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, zip) // to the checksum at its end
			return err
		}
		if err != nil {
			return err
		}
		if h.Size > maxPiece {
			return fmt.Errorf("%s is too large", h.Name)
		}
		data := make([]byte, h.Size)
		if _, err := io.ReadFull(in, data); err != nil {
			return err
		}
		if err := do(h.Name, data); err != nil {
			return err
		}
	}
}
