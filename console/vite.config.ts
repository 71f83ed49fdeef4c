import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Built by `npm run build` into dist/console; names of files carry the hash of what is in them. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Behind a proxy the console may stand below a path: everything it asks for is beside it.
  base: './',
  plugins: [react()],
  build: {
    target: 'es2022',
    emptyOutDir: true,
    // No inline script: the policy of the page forbids it.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_000,
    reportCompressedSize: false,
  },
})
