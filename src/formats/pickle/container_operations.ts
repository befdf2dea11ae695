import type { Machine } from "./machine.ts";
import { OP, type Operations } from "./opcodes.ts";
import { PyObject, PyTuple } from "./python.ts";

/** Adds to the list on top. What a class of its own is given is not kept. */
function extend(m: Machine, items: readonly unknown[]): void {
  const target = m.top();
  if (target instanceof PyObject) return;
  if (!Array.isArray(target)) throw m.damaged("appends to what is not a list");
  for (const item of items) target.push(item);
}

/** Adds pairs to the dictionary on top. */
function setItems(m: Machine, items: readonly unknown[]): void {
  const dict = m.top();
  if (!(dict instanceof Map || dict instanceof PyObject)) {
    throw m.damaged("stores under a key in what is not a dictionary");
  }
  if (items.length % 2 === 1) throw m.damaged("has a key without a value");
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
}

function newDict(m: Machine): void {
  const items = m.popMark();
  m.pushNew(new Map());
  setItems(m, items);
}

function tupleOf(count: number): (m: Machine) => void {
  return (m) => {
    const items = Array.from({ length: count }, () => m.pop()).reverse();
    m.pushNew(new PyTuple(items));
  };
}

function addItems(m: Machine): void {
  const items = m.popMark();
  const set = m.top();
  if (set instanceof PyObject) return;
  if (!(set instanceof Set)) throw m.damaged("adds to what is not a set");
  for (const item of items) set.add(item);
}

function append(m: Machine): void {
  const item = m.pop();
  extend(m, [item]);
}

function appends(m: Machine): void {
  const items = m.popMark();
  extend(m, items);
}

function setItem(m: Machine): void {
  const value = m.pop();
  const key = m.pop();
  setItems(m, [key, value]);
}

/** Opcodes that make and fill lists, tuples, dictionaries and sets. */
export const CONTAINER_OPERATIONS: Operations<Machine> = {
  [OP.EMPTY_LIST]: (m) => m.pushNew([]),
  [OP.LIST]: (m) => m.pushNew(m.popMark()),
  [OP.APPEND]: append,
  [OP.APPENDS]: appends,
  [OP.EMPTY_TUPLE]: (m) => m.pushNew(new PyTuple([])),
  [OP.TUPLE]: (m) => m.pushNew(new PyTuple(m.popMark())),
  [OP.TUPLE1]: tupleOf(1),
  [OP.TUPLE2]: tupleOf(2),
  [OP.TUPLE3]: tupleOf(3),
  [OP.EMPTY_DICT]: (m) => m.pushNew(new Map()),
  [OP.DICT]: newDict,
  [OP.SETITEM]: setItem,
  [OP.SETITEMS]: (m) => {
    const items = m.popMark();
    setItems(m, items);
  },
  [OP.EMPTY_SET]: (m) => m.pushNew(new Set()),
  [OP.FROZENSET]: (m) => m.pushNew(new Set(m.popMark())),
  [OP.ADDITEMS]: addItems,
};
