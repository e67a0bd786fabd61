// Bundles the tests, which import TypeScript, and runs them with node's own runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";

const outdir = "node_modules/.tests";
await rm(outdir, { recursive: true, force: true });
const names = (await readdir("test")).filter((name) => name.endsWith(".test.ts")).sort();
await build({
  entryPoints: names.map((name) => `test/${name}`),
  outdir,
  bundle: true,
  platform: "node",
  format: "esm",
  outExtension: { ".js": ".mjs" },
  jsx: "automatic",
  jsxImportSource: "preact",
  sourcemap: "inline",
});
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...names.map((name) => `${outdir}/${name.replace(/ts$/, "mjs")}`)], { stdio: "inherit" });
process.exit(status ?? 1);
