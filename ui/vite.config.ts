import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// In development the pages come from Vite and the API from a server beside it.
const api = process.env.ASEPSIS_API ?? "http://127.0.0.1:7300";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../internal/web/dist",
    emptyOutDir: true,
    // Not "assets": that is the address of a page.
    assetsDir: "static",
    target: "es2022",
    // The content security policy allows files from our own origin and no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": { target: api, changeOrigin: false } } },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
