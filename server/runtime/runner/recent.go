package runner

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// keptReads is of how many documents a flow remembers how they were read last.
const keptReads = 512

// recentReads are the documents of a flow that were read last, each as it was then. A source that is asked for changes since a moment gives the last
// ones of before again. What counts is the last version of each: a document that is changed and changed back has a version that it had before, and is not
// what was read last.
type recentReads struct {
	have map[uint64]recentRead // by id
	next uint64
}

type recentRead struct {
	version uint64 // and stamp
	turns   uint64 // how often another version came
	at      uint64 // its place in the order of reading
}

func sumOf(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p + "\x00")) // never fails
	}
	return h.Sum64()
}

func versionSum(doc port.Document) uint64 {
	return sumOf(doc.Version, doc.ChangedAt.UTC().Format(time.RFC3339Nano))
}

// has tells whether a document was read last as it is.
func (r *recentReads) has(doc port.Document) bool {
	was, ok := r.have[sumOf(doc.ID)]
	return doc.Version != "" && ok && was.version == versionSum(doc)
}

// turn tells the queue this reading of a version from an earlier one that had another version between them. It is the same when a page is read
// again because it was not noted.
func (r *recentReads) turn(doc port.Document) string {
	return doc.ChangedAt.UTC().Format(time.RFC3339Nano) + " " + strconv.FormatUint(r.turns(doc), 10)
}

func (r *recentReads) turns(doc port.Document) uint64 {
	was, ok := r.have[sumOf(doc.ID)]
	if !ok || was.version == versionSum(doc) {
		return was.turns
	}
	return was.turns + 1
}

func (r *recentReads) add(doc port.Document) {
	r.put(sumOf(doc.ID), recentRead{version: versionSum(doc), turns: r.turns(doc)})
}

func (r *recentReads) put(id uint64, read recentRead) {
	read.at, r.next = r.next, r.next+1
	r.have[id] = read
	if len(r.have) < 2*keptReads {
		return
	}
	for _, id := range r.inOrder()[:keptReads] {
		delete(r.have, id)
	}
}

// inOrder are the ids, the one that was read longest ago first.
func (r *recentReads) inOrder() []uint64 {
	ids := make([]uint64, 0, len(r.have))
	for id := range r.have {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uint64) int { return int(r.have[a].at) - int(r.have[b].at) })
	return ids
}

// recentFrom is what [recentReads.bytes] wrote.
func recentFrom(v []byte) *recentReads {
	r := &recentReads{have: map[uint64]recentRead{}}
	for word := binary.LittleEndian.Uint64; len(v) >= 24; v = v[24:] {
		r.put(word(v), recentRead{version: word(v[8:]), turns: word(v[16:])})
	}
	return r
}

func (r *recentReads) bytes() []byte {
	ids := r.inOrder()
	ids = ids[max(0, len(ids)-keptReads):]
	out := make([]byte, 0, 24*len(ids))
	for _, id := range ids {
		read := r.have[id]
		for _, word := range []uint64{id, read.version, read.turns} {
			out = binary.LittleEndian.AppendUint64(out, word)
		}
	}
	return out
}
