type Value = number | string | boolean;

const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!="],
  ["<=", ">=", "<", ">"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

/**
 * Evaluates an expression of a kernel template over the names in `scope`.
 *
 * @throws Error for an unknown name or a syntax error.
 */
export function evaluate(source: string, scope: Readonly<Record<string, Value>>): Value {
  const tokens = source.match(/\d+|\w+|&&|\|\||<<|>>|[=!<>]=|[-+*/%<>!()?:]/g) ?? [];
  let position = 0;

  function ternary(): Value {
    const condition = binary(0);
    if (tokens[position] !== "?") return condition;
    position++;
    const yes = ternary();
    expect(":");
    const no = ternary();
    return condition ? yes : no;
  }

  function binary(level: number): Value {
    if (level === LEVELS.length) return unary();
    let left = binary(level + 1);
    while (LEVELS[level].includes(tokens[position])) {
      const operator = tokens[position++];
      left = apply(operator, left, binary(level + 1));
    }
    return left;
  }

  function unary(): Value {
    const token = tokens[position++];
    if (token === "-") return -Number(unary());
    if (token === "!") return !unary();
    if (token === "(") {
      const value = ternary();
      expect(")");
      return value;
    }
    if (token === undefined) throw new Error(`"${source}" ends too early`);
    if (/^\d+$/.test(token)) return Number(token);
    if (token in scope) return scope[token];
    throw new Error(`unknown name "${token}" in "${source}"`);
  }

  function expect(token: string): void {
    if (tokens[position++] !== token) throw new Error(`"${token}" expected in "${source}"`);
  }

  const value = ternary();
  if (position !== tokens.length) throw new Error(`cannot read "${source}"`);
  return value;
}

function apply(operator: string, a: Value, b: Value): Value {
  const [x, y] = [Number(a), Number(b)];
  switch (operator) {
    case "||":
      return a || b;
    case "&&":
      return a && b;
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<=":
      return x <= y;
    case ">=":
      return x >= y;
    case "<":
      return x < y;
    case ">":
      return x > y;
    case "<<":
      return x << y;
    case ">>":
      return x >> y;
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return Math.floor(x / y);
    default:
      return x % y;
  }
}
