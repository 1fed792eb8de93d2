package richmediatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	mimeparts "mime/multipart"
	"net/http"
	"slices"
)

// formFile is a file of a multipart form.
type formFile struct {
	name string
	data []byte
}

// jsonFields are the fields whose value in a multipart form is JSON; all others are text.
var jsonFields = []string{"embed", "ark", "markdown", "keyboard", "message_reference", "media", "msg_type"}

// parseForm reads the fields of a guild's send: a JSON object, or a multipart form with file_image.
func parseForm(contentType string, body []byte) (fields, *formFile, error) {
	media, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("the Content-Type %q is malformed", contentType)
	case media == "application/json":
		f, err := parseFields(body)
		return f, nil, err
	case media == "multipart/form-data" && params["boundary"] != "":
		return parseMultipart(params["boundary"], body)
	}
	return nil, nil, fmt.Errorf("the Content-Type %q is neither JSON nor a multipart form", contentType)
}

// parseMultipart reads a form to its closing boundary. Choices: a field may occur once; file_image needs a file name,
// without which servers treat a part as a text field; there is no other file.
func parseMultipart(boundary string, body []byte) (fields, *formFile, error) {
	// The reader accepts a form that ends right behind the opening line of a part.
	if !bytes.HasSuffix(bytes.TrimRight(body, "\r\n"), []byte("\n--"+boundary+"--")) {
		return nil, nil, errors.New("the multipart form has no closing boundary at its end")
	}
	f := make(fields)
	var file *formFile
	form := mimeparts.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, file, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("the multipart form is malformed: %w", err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, fmt.Errorf("the multipart form is malformed: %w", err)
		}
		name := part.FormName()
		_, again := f[name]
		switch {
		case name == "":
			return nil, nil, errors.New("a part of the form has no name")
		case again || name == fileImage && file != nil:
			return nil, nil, fmt.Errorf("%s is there twice", name)
		case name == fileImage && part.FileName() != "":
			file = &formFile{name: part.FileName(), data: data}
		case name == fileImage || part.FileName() != "":
			return nil, nil, fmt.Errorf("%s: the one file of a form is file_image, with a file name", name)
		case slices.Contains(jsonFields, name):
			if !json.Valid(data) {
				return nil, nil, fmt.Errorf("%s is no JSON", name)
			}
			f[name] = data
		default:
			f[name] = encode(string(data))
		}
	}
}

// fileImage is the part that holds the bytes of a guild's image.
const fileImage = "file_image"

// multipartForm reports whether the request's body is a multipart form, which may be as long as an upload.
func multipartForm(r *http.Request) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media == "multipart/form-data"
}
