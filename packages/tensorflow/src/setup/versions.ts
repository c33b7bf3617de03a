/** A Python wheel whose content is known. */
export interface Wheel {
  /** The project's name on the index. */
  readonly project: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
}

const TENSORFLOW = '2.21.0';
const tensorflow = (project: string, sha256: string): Wheel => ({
  project,
  version: TENSORFLOW,
  file: `${project.replaceAll('-', '_')}-${TENSORFLOW}-cp311-cp311-manylinux_2_27_x86_64.whl`,
  sha256,
});

/** TensorFlow without CUDA. */
export const CPU_WHEEL = tensorflow(
  'tensorflow-cpu',
  '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
);

const nvidia = (name: string, version: string, tag: string, sha256: string): Wheel => ({
  project: `nvidia-${name}-cu12`,
  version,
  file: `nvidia_${name.replaceAll('-', '_')}_cu12-${version}-py3-none-${tag}.whl`,
  sha256,
});
const M2010 = 'manylinux2010_x86_64.manylinux_2_12_x86_64';
const M2014 = 'manylinux2014_x86_64.manylinux_2_17_x86_64';
const M227 = 'manylinux_2_27_x86_64';

/** TensorFlow with CUDA, and the libraries of its `and-cuda` extra. */
export const CUDA_WHEELS: readonly Wheel[] = [
  tensorflow('tensorflow', '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124'),
  nvidia('cublas', '12.9.3.13', M227, 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72'),
  nvidia('cuda-cupti', '12.8.90', M2014, 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182'),
  nvidia('cuda-nvcc', '12.9.86', M2010, '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0'),
  nvidia('cuda-nvrtc', '12.9.86', M2010, '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4'),
  nvidia('cuda-runtime', '12.9.79', M2014, '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3'),
  nvidia('cudnn', '9.28.0.42', M227, '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375'),
  nvidia('cufft', '11.4.1.4', M2014, 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28'),
  nvidia('curand', '10.3.10.19', M227, '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e'),
  nvidia('cusolver', '11.7.5.82', M227, '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88'),
  nvidia('cusparse', '12.5.10.65', M2014, '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78'),
  nvidia('nccl', '2.32.3', M227, 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c'),
  nvidia('nvjitlink', '12.9.86', M2010, 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9'),
];

/** The npm package that holds the JavaScript kernels; only its JavaScript is used. */
export const KERNELS = {
  package: '@tensorflow/tfjs-node-gpu',
  version: '4.22.0',
  sha512: 'p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==',
} as const;

/** Oldest TensorFlow whose library the addon is built against. */
export const OLDEST_TENSORFLOW = [2, 15] as const;

/** Whether an installed TensorFlow of this version will do. */
export function isUsableVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === OLDEST_TENSORFLOW[0] && minor >= OLDEST_TENSORFLOW[1];
}
