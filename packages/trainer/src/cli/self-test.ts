/** Logits of a token, and which token it was: small enough to do by hand. */
const INPUT = [0.5, -1, 2];
const WEIGHTS = [
  [0.1, -0.2, 0.3, 0.4],
  [0.7, 0.5, -0.6, 0.2],
  [-0.3, 0.8, 0.1, -0.5],
];
const TOKEN = 2;

/** d(-log p(token)) / dW = x (p - onehot), in float64. */
function expectedGradient(): number[] {
  const logits = WEIGHTS[0]!.map((_, v) => INPUT.reduce((sum, x, i) => sum + x * WEIGHTS[i]![v]!, 0));
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const slope = logits.map((logit, v) => Math.exp(logit) / total - (v === TOKEN ? 1 : 0));
  return INPUT.flatMap((x) => slope.map((value) => x * value));
}

/**
 * Lets the backend compute the gradient of a token's negative log-probability over a matrix, what training is made of, and
 * compares it with the value from the formula.
 */
export async function gradientSelfTest(): Promise<{ ok: boolean; text: string }> {
  const tf = await import('@tensorflow/tfjs');
  const { chooseBackend } = await import('../backends/choose-backend.js');
  await chooseBackend(() => undefined);
  const gradient = tf.tidy(() => {
    const loss = (weights: import('@tensorflow/tfjs').Tensor) =>
      tf
        .logSoftmax(tf.matMul(tf.tensor2d([INPUT]), weights.as2D(3, 4)))
        .gather([TOKEN], 1)
        .sum()
        .neg()
        .asScalar();
    return tf.grad(loss)(tf.tensor2d(WEIGHTS));
  });
  const got = await gradient.data();
  gradient.dispose();
  const expected = expectedGradient();
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)));
  const ok = worst < 1e-5; // float32 keeps about 7 digits of numbers near 1
  const first = `d(-log p)/dW[0,0] = ${got[0]!.toFixed(6)}, expected ${expected[0]!.toFixed(6)}`;
  return { ok, text: `${first}; largest error ${worst.toExponential(1)}` };
}
