// Package seal encrypts what lies in the store: AES-256-GCM, with a key for each sealed record that is kept in a stream of its own, so that
// whoever destroys the key destroys every copy of the record, backups of the other streams included.
//
// It does not protect against who can read the whole data folder: the keys lie in it. Start with [Open].
package seal

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// ErrGone is the error of a record whose key was destroyed.
var ErrGone = errors.New("its key was destroyed")

var errTooLarge = errors.New("a sealed record is too large")

// maxOpened bounds what a sealed record may unpack to.
const maxOpened = 256 << 20

// Store is what keys are kept in.
type Store interface {
	JetStream() jetstream.JetStream
	Stream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error)
	Bucket(ctx context.Context, cfg jetstream.KeyValueConfig) (jetstream.KeyValue, error)
	Gather() *runtime.Gatherer
}

// Stream is the name of the stream of keys; a key's subject is key.<group>.
const Stream = "KEYS"

// Sealer seals and opens. It is safe for concurrent use.
type Sealer struct {
	keys  jetstream.Stream
	keep  *runtime.Gatherer
	queue Key       // of what is only on its way
	macs  sync.Pool // of hash.Hash: making one costs more than a short hash
}

// Open opens the keys of a store.
func Open(ctx context.Context, store Store) (*Sealer, error) {
	keys, err := store.Stream(ctx, jetstream.StreamConfig{Name: Stream, Subjects: []string{"key.*"}, Duplicates: time.Second, AllowAtomicPublish: true})
	if err != nil {
		return nil, err
	}
	kv, err := store.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "secrets"})
	if err != nil {
		return nil, err
	}
	s := &Sealer{keys: keys, keep: store.Gather()}
	var names []byte
	for name, place := range map[string]*[]byte{"queue": (*[]byte)(&s.queue), "hash": &names} {
		if *place, err = secret(ctx, kv, name); err != nil {
			return nil, fmt.Errorf("the secret %s of the store: %w", name, err)
		}
	}
	s.macs.New = func() any { return hmac.New(sha256.New, names) }
	return s, nil
}

// secret returns a random secret that all programs on the store share.
func secret(ctx context.Context, kv jetstream.KeyValue, name string) ([]byte, error) {
	for range 3 {
		entry, err := kv.Get(ctx, name)
		if err == nil {
			return entry.Value(), nil
		}
		if !errors.Is(err, jetstream.ErrKeyNotFound) {
			return nil, err
		}
		if _, err := kv.Create(ctx, name, NewKey()); err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
			return nil, err
		}
	}
	return nil, errors.New("it cannot be made")
}

// Key is the key of one record.
type Key []byte

// NewKey returns a random key.
func NewKey() Key {
	k := make(Key, 32)
	_, _ = rand.Read(k) // never fails
	return k
}

// Queue returns the key for what is only on its way and is deleted once it has arrived.
func (s *Sealer) Queue() Key { return s.queue }

// Keep stores keys of a group and returns the numbers by which they are found again, when they are on the disk.
func (s *Sealer) Keep(ctx context.Context, group string, keys ...Key) ([]uint64, error) {
	messages := make([]runtime.Outgoing, len(keys))
	for i, k := range keys {
		messages[i] = runtime.Outgoing{Subject: "key." + group, Data: k}
	}
	kept, err := s.keep.Publish(ctx, messages...)
	numbers := make([]uint64, len(kept))
	for i, k := range kept {
		numbers[i] = k.Seq
	}
	return numbers, err
}

// Find returns a kept key, or [ErrGone].
func (s *Sealer) Find(ctx context.Context, number uint64) (Key, error) {
	m, err := s.keys.GetMsg(ctx, number)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("key %d: %w", number, err)
	}
	return Key(m.Data), nil
}

// Destroy overwrites a kept key on the disk.
func (s *Sealer) Destroy(ctx context.Context, number uint64) error {
	if err := runtime.Overwrite(ctx, s.keys, number); err != nil {
		return fmt.Errorf("key %d: %w", number, err)
	}
	return nil
}

// Hash names a value without telling it: 24 characters that only programs with this store's secret can compute.
func (s *Sealer) Hash(value string) string {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// packedS2 begins what is packed as an S2 block. No DEFLATE stream begins with it, because its kind of block is reserved: stores of before hold those.
const packedS2 = 0x07

// Seal packs and encrypts. The context is authenticated with it: what was sealed as one thing does not open as another.
func (k Key) Seal(plain []byte, context string) ([]byte, error) {
	gcm, err := k.gcm()
	if err != nil {
		return nil, err
	}
	room := s2.MaxEncodedLen(len(plain))
	if room < 0 {
		return nil, fmt.Errorf("packing: %w", s2.ErrTooLarge)
	}
	packed := make([]byte, 1+room)
	packed[0] = packedS2
	packed = packed[:1+len(s2.Encode(packed[1:], plain))]
	return gcm.Seal(nil, nil, packed, []byte(context)), nil
}

// Open decrypts and unpacks what Seal made, or says that it was changed since.
func (k Key) Open(sealed []byte, context string) ([]byte, error) {
	gcm, err := k.gcm()
	if err != nil {
		return nil, err
	}
	packed, err := gcm.Open(nil, nil, sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("a sealed record was changed or torn: %w", err)
	}
	plain, err := unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	return plain, nil
}

func unpack(packed []byte) ([]byte, error) {
	if len(packed) > 0 && packed[0] == packedS2 {
		n, err := s2.DecodedLen(packed[1:])
		if err != nil {
			return nil, err
		}
		if n > maxOpened {
			return nil, errTooLarge
		}
		return s2.Decode(nil, packed[1:])
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxOpened+1))
	if err == nil && len(plain) > maxOpened {
		err = errTooLarge
	}
	return plain, err
}

func (k Key) gcm() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
