/** Builds the page for Electron's Chromium and for the dashboard's browsers, the same files for both. */
import path from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const root = import.meta.dirname

export default defineConfig({
  root,
  plugins: [react(), tailwindcss()],
  build: {
    outDir: path.join(root, '..', 'out', 'renderer'),
    emptyOutDir: true,
    // Chromium of the oldest Electron we run on (33).
    target: 'chrome130',
    // A data: URL in a stylesheet would need a wider policy than the page has.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What is taken in goes on under its own licences.
    license: { fileName: 'licences.md' },
    chunkSizeWarningLimit: 800,
  },
})
