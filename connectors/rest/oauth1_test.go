package rest

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func oauth1() *OAuth1 {
	repeat := func(s string) string { return strings.Repeat(s, 32) }
	return &OAuth1{
		ConsumerKey: repeat("c"), ConsumerSecret: repeat("d"), Token: repeat("t"), TokenSecret: repeat("u"),
		Now: func() time.Time { return time.Unix(1748764800, 0) }, Nonce: func() string { return "n1" },
	}
}

// TestOAuth1Vector signs what the PHP library that Magento uses up to 2.4.7 signed with the same keys.
func TestOAuth1Vector(t *testing.T) {
	const group = "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5B"
	for _, host := range []string{"https://shop.example", "https://SHOP.example:443"} {
		r, err := http.NewRequest(http.MethodGet, host+"/rest/all/V1/orders?"+group+"field%5D=updated_at&"+
			group+"value%5D=2025-06-01%2000%3A00%3A00&"+group+"condition_type%5D=gteq&searchCriteria%5BpageSize%5D=2", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := oauth1().Authorize(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		header := r.Header.Get("Authorization")
		for _, want := range []string{`oauth_signature="qxxUU5ydgSQrl50TnNL%2Fu7Wo%2F2t1vOwbac11OOvCphE%3D"`, `oauth_timestamp="1748764800"`,
			`oauth_signature_method="HMAC-SHA256"`, `oauth_nonce="n1"`, "OAuth oauth_consumer_key="} {
			if !strings.Contains(header, want) {
				t.Errorf("%s: %s is not in %s", host, want, header)
			}
		}
	}
}

// TestOAuth1Base makes the text of RFC 5849, section 3.4.1.1, of which the parameters of the form stand in the query: the body of ours is never a form.
func TestOAuth1Base(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2%20q",
			"POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"},
		{"HTTP://EXAMPLE.COM:80/r%20v/X?id=123&id2=1&id-x=0", // a name that begins with another
			"POST&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&id%3D123%26id-x%3D0%26id2%3D1%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"},
	} {
		r, err := http.NewRequest(http.MethodPost, c.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := oauth1().base(r, [][2]string{{"oauth_consumer_key", "9djdj82h48djs9d2"}, {"oauth_token", "kkk9d7dh3k39sjv7"},
			{"oauth_signature_method", "HMAC-SHA1"}, {"oauth_timestamp", "137131201"}, {"oauth_nonce", "7d8f3e4a"}})
		if err != nil || got != c.want {
			t.Errorf("%v\n got %s\nwant %s", err, got, c.want)
		}
	}
}

func TestOAuth1Slash(t *testing.T) {
	o := oauth1()
	signed := func(path string) string {
		r, err := http.NewRequest(http.MethodGet, "https://shop.example"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Authorize(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return r.Header.Get("Authorization")
	}
	decoded := signed("/products/NK%2FMUG%2012")
	if decoded != signed("/products/NK/MUG%2012") {
		t.Error("a slash in a segment is not signed as a slash")
	}
	r, err := http.NewRequest(http.MethodGet, "https://shop.example/products/NK%2FMUG%2012", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !o.Invalidate(t.Context(), r) || signed("/products/NK%2FMUG%2012") == decoded {
		t.Error("after a 401, the path is not signed as it is sent")
	}
	plain, err := http.NewRequest(http.MethodGet, "https://shop.example/products/NK", nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.Invalidate(t.Context(), plain) {
		t.Error("a path without a slash has no other signature")
	}
	plus, err := http.NewRequest(http.MethodGet, "https://shop.example/?a=b+c", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Authorize(t.Context(), plus); err == nil {
		t.Error("a plus in the query was signed")
	}
	if a, b := randomNonce(), randomNonce(); a == b || len(a) != 32 {
		t.Errorf("nonces %s %s", a, b)
	}
}
