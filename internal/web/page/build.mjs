// Builds the page into dist, which is committed and embedded into the binary:
// the same sources and lock file give the same bytes.
import { build } from "esbuild";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { licences } from "./licences.mjs";

// One style sheet: the design language, then what each room of the page adds.
const sheets = (await readdir("src", { recursive: true })).filter((name) => name.endsWith(".css") && name !== "design.css").sort();
const design = ["design.css", ...sheets].map((name) => `@import "./${name.replaceAll("\\", "/")}";`).join("\n");

const options = {
  outdir: "dist",
  bundle: true,
  target: "es2022",
  minify: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
};

await rm("dist", { recursive: true, force: true });
await mkdir("dist");
await cp("src/index.html", "dist/index.html");
const made = await Promise.all([
  build({
    ...options,
    entryPoints: { page: "src/main.tsx" },
    splitting: true, // the worklist does not wait for the viewer
    format: "esm",
    chunkNames: "part-[hash]",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
  }),
  build({ ...options, entryPoints: { first: "src/first.ts" }, format: "iife" }),
  build({ ...options, outdir: undefined, outfile: "dist/design.css", stdin: { contents: design, resolveDir: "src", loader: "css" } }),
]);
await writeFile("dist/licences.txt", await licences(made.map((one) => one.metafile)));
