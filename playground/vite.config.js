import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

// The server sends files as small as the browser takes them: they are compressed once, here.
function compressed() {
  return {
    name: 'compressed',
    closeBundle() {
      for (const name of readdirSync('dist/assets')) {
        const body = readFileSync('dist/assets/' + name);
        writeFileSync(`dist/assets/${name}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
        writeFileSync(`dist/assets/${name}.gz`, gzipSync(body, { level: 9 }));
      }
    },
  };
}

// dist holds one committed file, the page of a program without the app: only what was built before goes.
function emptied() {
  return {
    name: 'emptied',
    buildStart() {
      rmSync('dist/assets', { recursive: true, force: true });
      rmSync('dist/index.html', { force: true });
    },
  };
}

export default defineConfig({
  plugins: [emptied(), svelte({ preprocess: vitePreprocess() }), compressed()],
  build: { outDir: 'dist', emptyOutDir: false, target: 'es2023', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
});
