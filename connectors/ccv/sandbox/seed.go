package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

var errSeed = errors.New("the shop refuses its own seed")

// seed fills the shop through its own handlers. A line is one of
//
//	POST path {body}          what the API can do; "name = POST ..." remembers the id as $name
//	SET path/id {members}     what only a visitor or a till can do
//	PHOTO id file text        a photo of a product
//	SLIP order                the card slip of an order
//	CLOSE                     the end of a day at the till
//	at 2026-11-02 09:00:00    what the clock shows from here on
//	== demo                   what follows is left out of an empty shop
//
// A line that begins with a space goes on with the one before.
func (s *Sandbox) seed(demo bool) error {
	clock, limited := s.clock, s.limited
	defer func() { s.clock, s.limited = clock, limited }()
	s.limited = false
	at := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	s.clock = func() time.Time { return at }
	s.furnish()
	name := "seed.txt"
	text, err := files.ReadFile(name)
	if s.register {
		var more []byte
		if more, err = files.ReadFile("register.txt"); err == nil {
			// A till has the articles of the shop and sales of its own.
			head, _, _ := bytes.Cut(text, []byte("== demo\n"))
			text = append(head, more...)
		}
	}
	if err != nil {
		return err
	}
	ids := map[string]string{}
	for n, line := range strings.Split(strings.ReplaceAll(string(text), "\n ", " "), "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case line == "== demo":
			if !demo {
				return nil
			}
			continue
		case strings.HasPrefix(line, "at "):
			if at, err = time.Parse(time.DateTime, strings.TrimPrefix(line, "at ")); err != nil {
				return fmt.Errorf("seed line %d: %w", n+1, err)
			}
			continue
		}
		at = at.Add(time.Second)
		if err := s.seedLine(line, ids); err != nil {
			return fmt.Errorf("seed line %d: %w", n+1, err)
		}
	}
	return nil
}

// furnish makes what no call makes: the shop itself and its groups of customers.
func (s *Sandbox) furnish() {
	shop := s.add("webshops", "webshop")
	shop.Set("name", "Noorderkade Koffie")
	if s.register {
		shop.Set("name", "Noorderkade Koffie (kassa)")
		shop.Set("is_salespos", true)
	}
	for i, name := range []string{"Particulier", "Zakelijk"} {
		s.table("usergroups").rows = append(s.table("usergroups").rows, jsondoc.New("href", "@/usergroups/"+itoa(i+1)+"/", "id", i+1, "default", i == 0, "groupname", name,
			"discount", 0, "product_in_category_discount", "highest", "users", jsondoc.New("href", "@/usergroups/"+itoa(i+1)+"/users/"),
			"disabledpaymethods", jsondoc.New("href", "@/usergroups/"+itoa(i+1)+"/disabledpaymethods/")))
	}
}

func (s *Sandbox) seedLine(line string, ids map[string]string) error {
	name := ""
	if before, after, ok := strings.Cut(line, " = "); ok && !strings.ContainsAny(before, " {") {
		name, line = before, after
	}
	// The longest names first, so that $tee does not take $teeM apart.
	keys := jsondoc.New()
	for k := range ids {
		keys.Set(k, nil)
	}
	for length := 20; length > 0; length-- {
		for _, k := range keys.Keys() {
			if len(k) == length {
				line = strings.ReplaceAll(line, "$"+k, ids[k])
			}
		}
	}
	words := strings.SplitN(line, " ", 3)
	switch words[0] {
	case "CLOSE":
		s.closeDay()
		return nil
	case "SLIP":
		s.slip(s.table("orders").find(jsondoc.New("id", words[1]).Int("id")))
		return nil
	case "SET":
		return s.seedSet(words[1], words[2])
	}
	if len(words) < 3 {
		return fmt.Errorf("%w: %q says too little", errSeed, line)
	}
	path := "/api/rest/v1/" + words[1]
	r := httptest.NewRequest(words[0], path, nil)
	r.Header.Set("Accept", registerMedia)
	_, v, fault := s.dispatch(r, []byte(words[2]))
	if fault != nil {
		return fmt.Errorf("%w: %s", errSeed, fault.message)
	}
	if o, ok := v.(*object); ok && name != "" {
		ids[name] = o.Text("id")
	}
	return nil
}

func (s *Sandbox) seedSet(path, members string) error {
	resource, id, _ := strings.Cut(path, "/")
	o := s.table(resource).find(jsondoc.New("id", id).Int("id"))
	change, err := jsondoc.DecodeObject([]byte(members))
	if err != nil || o == nil {
		return fmt.Errorf("%w: SET %s", errSeed, path)
	}
	o.Merge(change)
	if change.Has("paymethod") {
		s.pay(o, change.Text("paymethod"))
	}
	if resource == "orders" {
		s.total(o)
	}
	return nil
}

// Set writes members of a document past the API, as a visitor, a merchant or a till does.
func (s *Sandbox) Set(resource string, id int, members json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seedSet(resource+"/"+itoa(id), string(members))
}

// Remove takes a document out of the shop, as a merchant can.
func (s *Sandbox) Remove(resource string, id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table(resource).remove(s.table(resource).find(id))
}
