// Builds the page into dist, which is committed and embedded into the binary:
// the same sources and lock file give the same bytes.
import { build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";

await rm("dist", { recursive: true, force: true });
await mkdir("dist");
await cp("src/index.html", "dist/index.html");
await build({
  entryPoints: { page: "src/main.tsx", design: "src/design.css" },
  outdir: "dist",
  bundle: true,
  splitting: true, // the worklist does not wait for the viewer
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  chunkNames: "part-[hash]",
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
  logLevel: "info",
});
