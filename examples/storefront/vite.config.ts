// `process` is Node’s, which runs this file; its types would be a package more.
declare const process: { env: Record<string, string | undefined> };

import { defineConfig } from "vite";

// The shop answers on the same origin, so that the browser needs no CORS and pictures have short addresses.
const shop = { target: process.env["PGSHOP_URL"] ?? "http://127.0.0.1:8000", changeOrigin: true };
const proxy = { "/api": shop, "/media": shop };

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
});
