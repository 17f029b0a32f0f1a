package ccv

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// photosOf tells what a product has: "alttext" or "alttext*" for the main one.
func photosOf(d port.Document) string {
	var out []string
	for _, p := range gjson.GetBytes(d.Body, "productphotos.collection").Array() {
		name := p.Get("alttext").String()
		if p.Get("is_mainphoto").Bool() {
			name += "*"
		}
		out = append(out, name)
	}
	return strings.TrimPrefix(strings.Join(out, " "), "Mok 350 ml ") // which every sandbox has
}

// TestChangedPhotos shows that a photo is uploaded when its content changes, whatever it is called, and only then.
func TestChangedPhotos(t *testing.T) {
	s, g := newShop(t), gallery(t)
	find := func() port.Document { return mug(t, s) }
	if _, err := s.Update(t.Context(), "product", find().ID, []byte(`{"memo":"Order at De Zwaluw\non Mondays"}`)); err != nil {
		t.Fatal(err)
	}
	// write returns how many changes a comparison sees, and makes them.
	write := func(photos string) (int, port.Document) {
		t.Helper()
		want := []byte(`{"photos":[` + strings.ReplaceAll(photos, "WEB", g.URL) + `]}`)
		c, err := s.Compare(t.Context(), "product", find(), want)
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Update(t.Context(), "product", find().ID, want)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Compare(t.Context(), "product", find(), want); err != nil || len(again.Changes) != 0 {
			t.Errorf("again: %+v %v", again.Changes, err)
		}
		return len(c.Changes), d
	}
	steps := []struct {
		name, photos string
		changes      int
		want         string
	}{
		{"two new ones", `{"url":"WEB/front.png","alttext":"Mok","hash":"1"},{"url":"WEB/back.png","alttext":"Rug","hash":"2"}`, 2, "Mok* Rug"},
		{"at another address", `{"url":"WEB/back.png","alttext":"Mok","hash":"1"},{"url":"WEB/back.png","alttext":"Rug","hash":"2"}`, 0, "Mok* Rug"},
		{"by another name", `{"url":"WEB/front.png","alttext":"Beker","hash":"1"}`, 0, "Mok* Rug"},
		{"with other content", `{"url":"WEB/front.png","alttext":"Mok","hash":"3"},{"url":"WEB/back.png","alttext":"Rug","hash":"2"}`, 1, "Rug Mok*"},
		{"two of one name", `{"url":"WEB/front.png","alttext":"Mok","hash":"3"},{"url":"WEB/front.png","alttext":"Mok","hash":"4"}`, 1, "Rug Mok* Mok"},
		{"another main one", `{"url":"WEB/back.png","alttext":"Rug","hash":"2"},{"url":"WEB/front.png","alttext":"Mok","hash":"3"}`, 1, "Rug* Mok Mok"},
		{"without a hash the address tells", `{"url":"WEB/back.png?v=1","alttext":"Rug"}`, 1, "Mok Mok Rug*"},
		{"and again", `{"url":"WEB/back.png?v=2","alttext":"Rug"}`, 1, "Mok Mok Rug*"},
	}
	for _, st := range steps {
		n, d := write(st.photos)
		if n != st.changes || photosOf(d) != st.want {
			t.Errorf("%s: %d changes, photos %q, want %d and %q", st.name, n, photosOf(d), st.changes, st.want)
		}
		if memo := gjson.GetBytes(d.Body, "memo").String(); !strings.HasPrefix(memo, "Order at De Zwaluw\non Mondays\n"+sentLine+" ") || strings.Count(memo, "\n") != 2 {
			t.Errorf("%s: the memo is %q", st.name, memo)
		}
	}
	// Whoever maps the memo has it for himself, and the line is no difference.
	if c, err := s.Compare(t.Context(), "product", find(), []byte(`{"memo":"Order at De Zwaluw\non Mondays"}`)); err != nil || len(c.Changes) != 0 {
		t.Errorf("%+v %v", c.Changes, err)
	}
}

// TestPhotosOfOthers shows that a photo that was not sent from here is known by its name and stays, and that one whose upload was not noted is
// not uploaded twice.
func TestPhotosOfOthers(t *testing.T) {
	s, g := newShop(t), gallery(t)
	const png = `"file_type":"png","source":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"`
	find := func() port.Document { return mug(t, s) }
	id := find().ID
	upload := func(name string) {
		t.Helper()
		if _, err := s.write(t.Context(), "POST", []byte(`{`+png+`,"alttext":"`+name+`"}`), "products", id, "productphotos"); err != nil {
			t.Fatal(err)
		}
	}
	upload("Mok")
	photo := func(hash string) []byte {
		return []byte(`{"photos":[{"url":"` + g.URL + `/front.png","alttext":"Mok","hash":"` + hash + `"},{"url":"` + g.URL + `/back.png","alttext":"Rug","hash":"` + hash + `"}]}`)
	}
	d, err := s.Update(t.Context(), "product", id, photo("1"))
	if err != nil || photosOf(d) != "Mok* Rug" {
		t.Fatalf("%s %v", photosOf(d), err)
	}
	// The back changed; its upload arrived and nobody noted it.
	upload("Rug")
	if d, err = s.Update(t.Context(), "product", id, photo("2")); err != nil || photosOf(d) != "Mok* Rug" {
		t.Errorf("%s %v", photosOf(d), err)
	}
	if c, err := s.Compare(t.Context(), "product", find(), photo("2")); err != nil || len(c.Changes) != 0 {
		t.Errorf("again: %+v %v", c.Changes, err)
	}
}
