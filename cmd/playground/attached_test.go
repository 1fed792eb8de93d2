package main

import "github.com/botgo-contrib/richmedia/richmediatest"

func attached(name, content string) richmediatest.Attachment {
	return richmediatest.Attachment{ContentType: "file", FileName: name, Data: []byte(content)}
}
