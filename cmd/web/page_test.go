package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A page is an answer.
type page struct {
	t       testing.TB
	what    string
	status  int
	header  http.Header
	url     *url.URL
	body    string
	cookies []*http.Cookie
}

func (p page) wantStatus(status int) page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s: status %d, want %d\n%s", p.what, p.status, status, p.body)
	}
	return p
}

func (p page) wantPath(path string) page {
	p.t.Helper()
	if got := p.url.EscapedPath(); got != path {
		p.t.Errorf("%s: ended at %s, want %s", p.what, got, path)
	}
	return p
}

func (p page) wantHeader(name, value string) page {
	p.t.Helper()
	if got := p.header.Get(name); got != value {
		p.t.Errorf("%s: header %s is %q, want %q", p.what, name, got, value)
	}
	return p
}

// want reports each of the texts that a reader of the page does not find.
func (p page) want(texts ...string) page {
	p.t.Helper()
	readable := readableText(p.parse())
	for _, text := range texts {
		if !strings.Contains(readable, text) {
			p.t.Errorf("%s: no %q in: %s", p.what, text, readable)
		}
	}
	return p
}

func (p page) wantNot(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			p.t.Errorf("%s: there should be no %q in: %s", p.what, text, p.body)
		}
	}
	return p
}

// wantText compares the text of the element with this id.
func (p page) wantText(id, text string) page {
	p.t.Helper()
	element := p.element(id)
	if element == nil {
		p.t.Errorf("%s: no element with id %q in: %s", p.what, id, p.body)
		return p
	}
	if got := strings.TrimSpace(readableText(element)); got != text {
		p.t.Errorf("%s: #%s says %q, want %q", p.what, id, got, text)
	}
	return p
}

// wantAttribute compares an attribute of the element with this id; "" stands for none as well.
func (p page) wantAttribute(id, name, value string) page {
	p.t.Helper()
	element := p.element(id)
	if element == nil {
		p.t.Errorf("%s: no element with id %q in: %s", p.what, id, p.body)
		return p
	}
	if got := attribute(element, name); got != value {
		p.t.Errorf("%s: #%s has %s=%q, want %q", p.what, id, name, got, value)
	}
	return p
}

func (p page) parse() *html.Node {
	p.t.Helper()
	document, err := html.Parse(strings.NewReader(p.body))
	if err != nil {
		p.t.Fatal(err)
	}
	return document
}

func (p page) element(id string) *html.Node {
	p.t.Helper()
	return p.find(func(n *html.Node) bool { return attribute(n, "id") == id })
}

// csrf is the token in the page's first form.
func (p page) csrf() string {
	p.t.Helper()
	input := p.find(func(n *html.Node) bool { return n.Data == "input" && attribute(n, "name") == "csrf" })
	if input == nil {
		p.t.Fatalf("%s: no csrf field in: %s", p.what, p.body)
	}
	return attribute(input, "value")
}

func (p page) find(matches func(*html.Node) bool) *html.Node {
	for node := range p.parse().Descendants() {
		if node.Type == html.ElementNode && matches(node) {
			return node
		}
	}
	return nil
}

// attribute is empty where there is no such element.
func attribute(n *html.Node, name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func readableText(n *html.Node) string {
	var text strings.Builder
	for node := range n.Descendants() {
		if node.Type == html.TextNode {
			text.WriteString(node.Data + " ")
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}
