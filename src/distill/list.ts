// The distillers of the package, a line each.
export { DEFINITION as at } from "./at.ts";
export { DEFINITION as crd } from "./crd.ts";
export { DEFINITION as dkd } from "./dkd.ts";
export { DEFINITION as fitnet } from "./fitnet.ts";
export { DEFINITION as kd } from "./kd.ts";
export { DEFINITION as kdsvd } from "./kdsvd.ts";
export { DEFINITION as nst } from "./nst.ts";
export { DEFINITION as ofd } from "./ofd.ts";
export { DEFINITION as pkt } from "./pkt.ts";
export { DEFINITION as reviewkd } from "./reviewkd.ts";
export { DEFINITION as rkd } from "./rkd.ts";
export { DEFINITION as sp } from "./sp.ts";
export { DEFINITION as vanilla } from "./vanilla.ts";
export { DEFINITION as vid } from "./vid.ts";
export { DEFINITION as wkd } from "./wkd.ts";
