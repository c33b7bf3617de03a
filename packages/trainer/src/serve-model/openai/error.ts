/** An error as OpenAI's clients read it. */
export const openAiError = (status: number, message: string) => ({
  error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', code: status },
});
