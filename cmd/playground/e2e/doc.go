// Package e2e drives the playground's page in a headless Chromium, as a user would. It is a module of its own, so that the
// plugin does not depend on a browser's protocol.
package e2e
