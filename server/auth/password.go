package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// passwordHash is an argon2id hash, in the form that the reference implementation writes:
// $argon2id$v=19$m=65536,t=3,p=2$salt$hash.
type passwordHash struct {
	memory, time uint32
	threads      uint8
	salt, sum    []byte
}

// The cost of new hashes, the second choice of RFC 9106 section 4 (64 MiB, three passes).
const (
	hashMemory  = 64 << 10 // KiB
	hashTime    = 3
	hashThreads = 2
	hashLength  = 32
)

// MinPassword is how many characters a password has at least.
const MinPassword = 12

// maxPassword bounds what is hashed.
const maxPassword = 1024

// ErrShortPassword is the error of a password that is too easily guessed.
var ErrShortPassword = fmt.Errorf("a password has at least %d characters", MinPassword)

var errHash = errors.New("it is no argon2id hash: `crosswalk auth password` makes one")

// HashPassword returns the hash to configure an account with.
func HashPassword(password string) (string, error) {
	if len([]rune(password)) < MinPassword {
		return "", ErrShortPassword
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	h := passwordHash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: salt, sum: make([]byte, hashLength)}
	h.sum = h.of(password)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.threads,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.sum)), nil
}

func (h passwordHash) of(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
}

func (h passwordHash) fits(password string) bool {
	return len(password) <= maxPassword && subtle.ConstantTimeCompare(h.of(password), h.sum) == 1
}

func parseHash(text string) (passwordHash, error) {
	var h passwordHash
	var version int
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return h, errHash
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return h, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); err != nil {
		return h, errHash
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(h.salt) < 8 {
		return h, errHash
	}
	if h.sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(h.sum) < 16 {
		return h, errHash
	}
	// A hash that is cheaper than RFC 9106 allows guards nothing; a far dearer one would stop the server.
	if h.memory < 19<<10 || h.memory > 1<<20 || h.time < 1 || h.time > 16 || h.threads < 1 {
		return h, errors.New("its cost is out of bounds: `crosswalk auth password` makes one that fits")
	}
	return h, nil
}
