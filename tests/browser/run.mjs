// Runs a Python file of this repository in Pyodide, the Python of the browser:
//
//     node tests/browser/run.mjs --pyodide DIR --wheels DIR [--wheels DIR] [--load NAME] -- FILE [ARGUMENT ...]
//
// --pyodide  a folder with Pyodide and its packages
// --wheels   a folder of wheels, minicnn's or others of pure Python; all are installed, with nothing
//            that they depend on
// --load     a package of Pyodide's, besides NumPy and Pillow
//
// The repository's tests lie at /suite. Node gives Python what a browser gives it: memory, files in
// memory, a clock; no threads and no second process.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pyodide: { type: "string" },
    wheels: { type: "string", multiple: true, default: [] },
    load: { type: "string", multiple: true, default: [] },
  },
});
const project = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const environment = { HOME: "/home/pyodide", MPLBACKEND: "agg", PYTHONDONTWRITEBYTECODE: "1" };
if (process.env.HYPOTHESIS_PROFILE) environment.HYPOTHESIS_PROFILE = process.env.HYPOTHESIS_PROFILE;

async function start() {
  const folder = resolve(values.pyodide);
  const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));
  const python = await loadPyodide({ indexURL: folder + "/", env: environment });
  const quietly = { messageCallback: () => {} };
  await python.loadPackage(["numpy", "pillow", "micropip", ...values.load], quietly);
  const wheels = [];
  for (const [i, from] of values.wheels.entries()) {
    python.mountNodeFS(`/wheels${i}`, resolve(from));
    const names = readdirSync(from).filter((name) => name.endsWith(".whl"));
    wheels.push(...names.map((name) => `emfs:/wheels${i}/${name}`));
  }
  await python.pyimport("micropip").install.callKwargs(wheels, { deps: false });
  python.mountNodeFS("/suite/tests", resolve(project, "tests"));
  python.FS.writeFile("/suite/pyproject.toml", readFileSync(resolve(project, "pyproject.toml")));
  return python;
}

try {
  const python = await start();
  python.globals.set("command", python.toPy(positionals));
  process.exit(
    await python.runPythonAsync(`
import os, runpy, sys
os.chdir("/suite")
sys.argv = list(command)
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
    status = 0
except SystemExit as stop:
    status = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
sys.stdout.flush(), sys.stderr.flush()
status
`),
  );
} catch (error) {
  console.error(error.message ?? error); // its stack is Pyodide's whole text
  process.exit(1);
}
