/** A row of a published table. */
export interface PublishedRow {
  readonly method: string;
  /** In the order of the table's columns; a list where a cell holds several measures. */
  readonly values: readonly (readonly (number | null)[])[];
  /** Signs of footnotes, by column. */
  readonly marks?: Readonly<Record<string, string>>;
}

/** A published table, as printed. */
export interface PublishedTable {
  readonly columns: readonly string[];
  readonly rows: readonly PublishedRow[];
  /** Where it is from, and what is known to be wrong with it. */
  readonly notes: readonly string[];
}

const SOURCE = 'Q-Insight, arXiv 2503.22679v2 (NeurIPS 2025)';

/** '.933/.916 .907/.905' as [[.933, .916], [.907, .905]]; '–' is null. */
function cells(text: string): (number | null)[][] {
  return text.split(' ').map((cell) => cell.split('/').map((value) => (value === '–' ? null : Number(value))));
}

const row = (method: string, text: string, marks?: PublishedRow['marks']): PublishedRow => ({
  method,
  values: cells(text),
  ...(marks !== undefined && { marks }),
});

/** Table 1: PLCC / SRCC of score regression, all trained on KonIQ. The averages are left out: tables compute their own. */
export const SCORE_RESULTS: PublishedTable = {
  columns: ['KonIQ', 'SPAQ', 'KADID', 'PIPAL', 'LiveW', 'AGIQA', 'CSIQ'],
  rows: [
    row('NIQE', '.533/.530 .679/.664 .468/.405 .195/.161 .493/.449 .560/.533 .718/.628'),
    row('BRISQUE', '.225/.226 .490/.406 .429/.356 .267/.232 .361/.313 .541/.497 .740/.556'),
    row('NIMA', '.896/.859 .838/.856 .532/.535 .390/.399 .814/.771 .715/.654 .695/.649'),
    row('HyperIQA', '.917/.906 .791/.788 .506/.468 .410/.403 .772/.749 .702/.640 .752/.717'),
    row('DBCNN', '.884/.875 .812/.806 .497/.484 .384/.381 .773/.755 .730/.641 .586/.572'),
    row('MUSIQ', '.924/.929 .868/.863 .575/.556 .431/.431 .789/.830 .722/.630 .771/.710'),
    row('CLIP-IQA+', '.909/.895 .866/.864 .653/.654 .427/.419 .832/.805 .736/.685 .772/.719'),
    row('ManIQA', '.849/.834 .768/.758 .499/.465 .457/.452 .849/.832 .723/.636 .623/.627'),
    row('C2Score', '.923/.910 .867/.860 .500/.453 .354/.342 .786/.772 .777/.671 .735/.705'),
    row('Qwen-SFT', '.889/.866 .874/.875 .668/.663 .473/.442 .734/.728 .813/.739 .674/.650'),
    row('Q-Align', '.941/.940 .886/.887 .674/.684 .403/.419 .853/.860 .772/.735 .671/.737', { CSIQ: '*' }),
    row('DeQA', '.953/.941 .895/.896 .694/.687 .472/.478 .892/.879 .809/.729 .787/.744'),
    row('Q-Insight', '.933/.916 .907/.905 .742/.736 .486/.474 .893/.865 .811/.764 .870/.824'),
  ],
  notes: [
    `Published rows: ${SOURCE}, Table 1, trained on KonIQ. The paper does not say whether its PLCC is after a fit; its evaluation code is not public.`,
    "* PLCC .671 is a copying error: DeQA-Score's own Table 3 (arXiv 2501.11561) has .785. The row's printed average .705 / .752 fits neither.",
  ],
};

/** Table 2: class / level accuracy of degradation perception on 1,000 images of DQ-495K, with the ablation of Table 4. */
export const DEGRADATION_RESULTS: PublishedTable = {
  columns: ['Noise', 'Blur', 'JPEG', 'Darken', 'Null', 'macro', 'micro'],
  rows: [
    row('AgenticIR', '.4646/.1858 .8390/.3219 .0135/0 .7478/.2611 .9339/– .5998/.1922 –/–'),
    row('Q-Insight, degradation only', '.9867/.4343 .9268/.3951 .9685/.3108 .8805/.2567 .5702/– .8665/.3492 .8960/–', { macro: '*' }), // prettier-ignore
    row('Q-Insight', '1.0000/.5973 .9756/.4438 1.0000/.5541 .9027/.3230 .7603/– .9277/.4796 –/–'),
  ],
  notes: [
    `Published rows: ${SOURCE}, Tables 2 and 4. A level counts with its class right; null has none. Macro: unweighted over classes; micro: over images.`,
    '* The paper prints .8960 as the average class accuracy of this row: the micro average (counts 226, 205, 222, 226, 121). .8665 is the mean of its cells, like the other averages.',
  ],
};

/** Table 6: reference-based comparison on SRIQA-Bench, accuracies in percent. */
export const COMPARISON_RESULTS: PublishedTable = {
  columns: ['Reg-Acc', 'Gen-Acc', 'Overall', 'PLCC', 'SRCC'],
  rows: [
    row('PSNR', '80.07 41.70 34.70 – –'),
    row('SSIM', '83.00 45.30 37.40 – –'),
    row('LPIPS', '82.00 63.90 65.80 – –'),
    row('A-FINE', '83.30 78.90 82.40 – –'),
    row('DepictQA', '73.00 61.64 62.96 .3457 .3412'),
    row('Q-Insight, zero-shot', '78.67 68.64 75.51 .6385 .6297'),
    row('Q-Insight, trained', '85.67 77.78 82.80 .7627 .7614'),
  ],
  notes: [
    `Published rows: ${SOURCE}, Table 6 (SRIQA-Bench). Reg: pairs of regression-based results; Gen: pairs of generation-based ones.`,
  ],
};
