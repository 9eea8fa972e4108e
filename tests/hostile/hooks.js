// Runs in workerd before the Worker's own script, as another module of the test's tree: it knows every instance of the scoring module
// and can ruin it. Of the product nothing is changed; asked for nothing, this does nothing.

const Whole = WebAssembly.Instance;
/** Exports of the living instance. */
let living = null;
/** Whether every instance is wrecked as soon as it has started. */
let wrecksStarts = false;
/** How many calls to come are made from the bottom of the stack. */
let dives = 0;
/** What the calls from the bottom of the stack came to: where in the module it overflowed. */
const overflows = [];

WebAssembly.Instance = class extends Whole {
  constructor(...given) {
    super(...given);
    const { exports } = this;
    living = exports;
    const hooked = { ...exports };
    for (const [name, call] of Object.entries(exports)) {
      if (name.startsWith("scorer_")) {
        hooked[name] = (...values) => (dives > 0 ? fromTheBottom(() => call(...values)) : call(...values));
      }
    }
    hooked.__wbindgen_start = () => {
      exports.__wbindgen_start();
      if (wrecksStarts) wreck();
    };
    // A constructor may return another object, and the glue looks at `exports` alone.
    return { exports: hooked };
  }
};

/** Of everything that is not zero a wild pointer is made: what is followed first is a genuine memory fault. */
function wreck() {
  const words = new Uint32Array(living.memory.buffer);
  for (let place = 0; place < words.length; place += 1) {
    if (words[place] !== 0) words[place] = 0xffff_fff0;
  }
}

/**
 * Calls with less and less of the stack used up, from its very end upwards, and throws the first overflow that was inside the module.
 *
 * Where an overflow was is in its trace, and to read that takes more stack than there is down there: so all are kept and read above.
 */
function fromTheBottom(call) {
  dives -= 1;
  const full = [];
  let isOver = false;
  // Once with all the stack there is: what is called for the first time is compiled first, and that takes more than anything.
  let outcome = call();
  const down = () => {
    try {
      down();
    } catch {
      if (isOver) return;
      try {
        outcome = call();
        isOver = true;
      } catch (thrown) {
        isOver = !(thrown instanceof RangeError);
        full.push(thrown);
        throw thrown;
      }
    }
  };
  try {
    down();
  } catch {
    // Kept.
  }
  const inside = full.find(({ name, stack }) => name === "RangeError" && /wasm:\/\/|wasm-function/.test(stack));
  overflows.push(inside === undefined ? `${full.length} overflows, none of them in the module` : `${inside.name} in the module`);
  if (inside !== undefined) throw inside;
  return outcome;
}

/** Takes all the memory that the module's own allocator can get, in smaller and smaller pieces. */
function fill() {
  let taken = 0;
  for (let size = 1 << 20; size >= 16; size >>= 1) {
    try {
      for (;;) {
        living.__wbindgen_malloc(size, 1);
        taken += size;
      }
    } catch {
      // This size is not to be had any more.
    }
  }
  return taken;
}

/** What the test asks for, in the address's query. */
export function ask(wishes) {
  if (wishes.has("wreck")) wreck();
  if (wishes.has("starts")) wrecksStarts = wishes.get("starts") === "wrecked";
  if (wishes.has("dives")) dives = Number(wishes.get("dives"));
  const taken = wishes.has("fill") ? fill() : 0;
  return { pages: living === null ? 0 : living.memory.buffer.byteLength / 65_536, taken, overflows, names: living === null ? [] : Object.keys(living) };
}
