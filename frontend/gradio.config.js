/**
 * For `gradio cc build` and `gradio cc dev`. The page that `dev` serves takes itself for an ordinary
 * app from Gradio 6.21 on, and from 6.24 its base address is a template that nobody fills in.
 */
const developmentPage = {
  name: "gradio-development-page",
  transform: (code) =>
    code.includes("`_NORMAL_`") ? code.replaceAll("`_NORMAL_`", "`_CC_`") : undefined,
  transformIndexHtml: {
    order: "pre",
    handler: (html) => html.replace(/<base href="[^>]*>/, '<base href="/" />'),
  },
};

export default { plugins: [developmentPage] };
