// The real program and a real browser for tests and screenshots. Everything is on this machine and ends with the caller.
import { spawn, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const repository = new URL('../..', import.meta.url).pathname;
export const program = process.env.CROSSWALK ?? join(repository, 'bin/crosswalk');

/** A copy of the demo's project in a folder of its own. */
export function project() {
  const dir = mkdtempSync(join(tmpdir(), 'crosswalk-page-'));
  cpSync(join(repository, 'cmd/crosswalk/demo'), dir, { recursive: true });
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Starts `crosswalk serve` on a free port. */
export async function serve(dir, ...args) {
  const child = spawn(program, ['serve', '--json', '--listen', '127.0.0.1:0', ...args], {
    cwd: dir,
    env: { ...process.env, WEBSHOP_URL: 'http://127.0.0.1:1', BOOKS_URL: 'http://127.0.0.1:1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (text) => (log += text));
  const url = await new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
      const line = out.split('\n')[0];
      if (out.includes('\n')) resolve(JSON.parse(line).url);
    });
    child.on('exit', (code) => reject(new Error(`crosswalk serve ended with ${code}: ${log}`)));
  });
  return {
    url,
    log: () => log,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.on('exit', resolve);
        child.kill('SIGTERM');
      }),
  };
}

/** Starts sandboxes of these systems and returns where they are, in their order. */
export async function sandboxes(...systems) {
  const child = spawn(program, ['sandbox', '--json', ...systems], { stdio: ['ignore', 'pipe', 'inherit'] });
  const running = await new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (text) => {
      const lines = (out += text).trim().split('\n');
      if (out.endsWith('\n') && lines.length === systems.length) resolve(lines.map((l) => JSON.parse(l)));
    });
    child.on('exit', (code) => reject(new Error(`crosswalk sandbox ended with ${code}`)));
  });
  child.removeAllListeners('exit');
  return { running, stop: () => new Promise((resolve) => (child.on('exit', resolve), child.kill('SIGTERM'))) };
}

/** Debian's Chromium, or the one that CHROMIUM names. */
export function findChromium() {
  const named = process.env.CHROMIUM;
  if (named) return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // the next one
    }
  }
  return existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined;
}

export async function launch() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no Chromium: apt-get install chromium, or name one in CHROMIUM');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}
