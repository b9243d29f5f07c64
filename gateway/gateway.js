// What SQL and PostgREST cannot do at the door: refuse damaged requests, and give every error one shape.

const UNFILTERED = ['select', 'order', 'limit', 'offset', 'columns', 'on_conflict'];
const OPERATOR = /^(not|eq|neq|gte?|lte?|i?like|i?match|in|is|isdistinct|cs|cd|ov|sl|sr|nx[rl]|adj|(pl|ph|w)?fts)(\(.*\))?\./;
const DEEPEST = 8;
const METHODS = 'OPTIONS, GET, HEAD, POST, PUT, PATCH, DELETE';

// PostgREST answers 500 to bytes that are no UTF-8, so they stop here.
function isText(encoded) {
  try {
    return decodeURIComponent(encoded).indexOf('\u0000') < 0;
  } catch (e) {
    return false;
  }
}

// Whether a part of the query says which rows. PostgREST decodes names, passes over what has no value, and
// applies `orders.id=…` to what is embedded only.
function isFilter(part) {
  const end = part.indexOf('=');
  const name = end < 0 ? '' : decodeURIComponent(part.slice(0, end));
  return /^(not\.)?(and|or)$/.test(name) || (name !== '' && name.indexOf('.') < 0 && UNFILTERED.indexOf(name) < 0);
}

function depth(query) {
  let open = 0, deepest = 0;
  query.replace(/%28/g, '(').replace(/%29/g, ')').split('').forEach((sign) => {
    if (sign === '(') { deepest = Math.max(deepest, ++open); }
    if (sign === ')') { open--; }
  });
  return deepest;
}

// Why a request is refused with 400, empty if it is not.
function refusal(r) {
  // None where the first line makes no sense.
  const uri = r.variables.request_uri || '';
  const query = r.variables.args || '';
  if (!isText(uri) || uri.indexOf('\ufffd') >= 0) { return 'bad_encoding'; }
  for (const name in r.headersIn) {
    // Servers behind refuse signs that control something, in their own way.
    if (/[\ufffd\x00-\x08\x0a-\x1f\x7f]/.test(r.headersIn[name])) { return 'bad_encoding'; }
  }
  if (depth(query) > DEEPEST) { return 'query_too_deep'; }
  if (uri.startsWith('/rest/v1') && (r.method === 'PATCH' || r.method === 'DELETE')) {
    // PostgREST takes ; for &.
    if (!query.split(/[&;]/).some(isFilter)) { return 'filter_required'; }
  }
  return '';
}

// PostgREST takes a value like in.stock for a filter of the result; with a blank in front it is just text.
function argument(name, encoded) {
  const value = decodeURIComponent(encoded.replace(/\+/g, ' '));
  return name + '=' + (OPERATOR.test(value) ? '%20' : '') + encoded.replace(/;/g, '%3B');
}

// The query string of a function: the path's parameter and those of the query that the route knows, encoded as they
// came. Of one that is given several times the last counts, as in Django.
function rpcArguments(r) {
  if (r.method !== 'GET' && r.method !== 'HEAD') { return ''; }
  const known = (r.variables.names || '').split(',');
  const given = {};
  (r.variables.args || '').split('&').forEach((part) => {
    const end = part.indexOf('=');
    const name = end > 0 ? decodeURIComponent(part.slice(0, end)) : '';
    if (name !== '' && known.indexOf(name) >= 0) { given[name] = part.slice(end + 1); }
  });
  if (r.variables.parameter) { given[r.variables.parameter] = encodeURIComponent(r.variables.path_id); }
  const parts = Object.keys(given).map((name) => argument(name, given[name]));
  return parts.length ? '?' + parts.join('&') : '';
}

// Where the client is, as one address that everybody agrees on: not by the Host that it sent, and encoded throughout.
function originalUrl(r) {
  return r.variables.public_url + r.variables.request_uri.replace(/[^!#-;=?-[\]_a-z~]+/g, encodeURIComponent);
}

const STATUS = {
  400: ['bad_request', 'The request is malformed.'],
  401: ['not_authenticated', 'Sign in first.'],
  403: ['permission_denied', 'This is not yours to do.'],
  404: ['not_found', 'There is nothing at this address.'],
  405: ['method_not_allowed', 'This address does not take that method.'],
  406: ['not_acceptable', 'This address cannot answer in that form.'],
  408: ['request_timeout', 'The request came too slowly.'],
  409: ['conflict', 'The request contradicts what is stored.'],
  413: ['payload_too_large', 'The body is too large.'],
  414: ['uri_too_long', 'The URL is too long.'],
  415: ['unsupported_media_type', 'The body must be JSON.'],
  416: ['range_not_satisfiable', 'The range lies beyond the end.'],
  422: ['validation_failed', 'Some fields are missing or wrong.'],
  429: ['too_many_requests', 'Too many requests; wait a little.'],
  431: ['headers_too_large', 'The request headers are too large.'],
  500: ['internal_error', 'Something went wrong on our side.'],
  501: ['not_implemented', 'The body comes in a form that is not known here.'],
  503: ['unavailable', 'The shop is busy or starting; try again.'],
  505: ['http_version_not_supported', 'This version of HTTP is not known here.'],
};
const REFUSED = {
  bad_encoding: 'The URL or a header holds bytes that are no UTF-8 text.',
  query_too_deep: 'The query is nested too deeply.',
  filter_required: 'A change without a filter would hit every row; say which.',
};

function usual(status) {
  return STATUS[status] || STATUS[status < 500 ? 400 : 500];
}

function body(code, message, details, hint) {
  return JSON.stringify({ code: code, message: message, details: details || null, hint: hint || null });
}

// nginx's own errors.
function problem(r) {
  let status = Number(r.variables.status) || 500;
  if (status === 494) { status = 431; }
  if (status === 502 || status === 504) { status = 503; }
  if (!STATUS[status]) { status = status < 500 ? 400 : 500; }
  const refused = status === 400 ? r.variables.refusal : '';
  r.headersOut['Content-Type'] = 'application/json';
  // nginx refuses TRACE and CONNECT before it looks for the route.
  if (status === 405) { r.headersOut['Allow'] = r.variables.allow || METHODS; }
  if (status === 429 || status === 503) { r.headersOut['Retry-After'] = '1'; }
  r.return(status, refused ? body(refused, REFUSED[refused]) : body(STATUS[status][0], STATUS[status][1]));
}

function words(name) {
  const text = name.replace(/_(key|fkey|pkey)$/, '').replace(/_/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// PostgREST's and SQL's codes in the words of /api/v1. Returns [code, message].
function translate(r, status, error) {
  const code = error.code || '';
  const rule = (/constraint "([a-z0-9_]+)"/.exec(error.message || '') || [])[1];
  if (rule && code === '23505') { return [rule, 'There is one like it already: ' + words(rule) + '.']; }
  if (rule && code === '23503') { return [rule, 'It refers to something that does not exist, or is still referred to: ' + words(rule) + '.']; }
  if (rule) { return [rule, 'The request breaks a rule: ' + words(rule) + '.']; }
  if (code === 'PGRST301' || code === 'PGRST302') {
    return /expired/i.test(error.message) ? ['token_expired', 'The access token has expired.'] : ['token_invalid', 'The access token is not valid.'];
  }
  if (code === '42501') { return STATUS[status === 401 ? 401 : 403]; }
  if (code === 'PGRST102' || (code === '22P02' && /json/.test(error.message))) { return ['invalid_json', 'The body is not valid JSON.']; }
  if (code === '22P05') { return ['invalid_text', 'Text must not hold the character NUL.']; }
  if (code.startsWith('22')) { return ['invalid_value', 'A value has the wrong form or is out of range.']; }
  if (code === '23502') { return ['validation_failed', 'A required field is missing.']; }
  return usual(status);
}

// What may not be said to a stranger: how functions are called, where the database is, what it was asked.
function scrub(status, error) {
  const plain = usual(status);
  const code = error.code || plain[0];
  if (status >= 500) { return body(code, plain[1]); }
  if (code === '42501') { return body(code, STATUS[403][1]); }
  if (code === '25006') { return body(code, STATUS[405][1]); }
  if (code === '42P01') { return body(code, STATUS[404][1]); }
  if (code === 'PGRST200') { return body(code, 'Nothing of that name hangs together with it.'); }
  if (code === 'PGRST202') { return body(code, 'There is no function with this name and these arguments.'); }
  return body(code, error.message || plain[1], error.details, /Perhaps you meant/.test(error.hint || '') ? null : error.hint);
}

function shape(r, status, text) {
  let error;
  try { error = JSON.parse(text); } catch (e) { error = {}; }
  if (error === null || typeof error !== 'object') { error = {}; }
  const isSeed = !r.variables.request_uri.startsWith('/rest/v1');
  if (/^[a-z][a-z0-9_]*$/.test(error.code || '')) {
    // Ours already. PostgREST can only carry details as text; here they are what they are.
    if (isSeed && typeof error.details === 'string' && /^[[{]/.test(error.details)) {
      try { error.details = JSON.parse(error.details); } catch (e) { /* text after all */ }
    }
    return body(error.code, error.message, error.details, error.hint);
  }
  if (!isSeed) { return scrub(status, error); }
  const said = translate(r, status, error);
  return body(said[0], said[1]);
}

function isUpstream(r) {
  return r.status >= 400 && r.variables.upstream_status;
}

// 12.0.2 says 415 when it can't answer in the form asked for; later versions 406.
// When all its connections are taken it is busy, as when it does not answer at all.
function corrected(status) {
  return { 415: 406, 504: 503 }[status] || status;
}

function errorHeaders(r) {
  if (!isUpstream(r)) { return; }
  delete r.headersOut['Content-Length'];
  r.headersOut['Content-Type'] = 'application/json';
  delete r.headersOut['Proxy-Status'];
  r.status = corrected(r.status);
  if (r.status === 405) { r.headersOut['Allow'] = r.uri.startsWith('/rest/v1/rpc/') ? 'OPTIONS, POST' : r.variables.allow; }
  // PostgREST adds a 0 to every 503, beside what the database says.
  if (r.status === 503) { r.headersOut['Retry-After'] = '1'; }
}

// Bytes, since a letter may begin in one piece and end in the next.
let received = [];

function errorBody(r, data, flags) {
  if (!isUpstream(r) || r.method === 'HEAD') {
    r.sendBuffer(data, flags);
    r.done();
    return;
  }
  received.push(Buffer.from(data));
  if (flags.last) {
    r.sendBuffer(shape(r, r.status, Buffer.concat(received).toString()), flags);
    r.done();
  }
}

// An error of PostgREST or nginx that a subrequest got.
function explain(r, status, text) {
  const said = corrected(status);
  r.headersOut['Content-Type'] = 'application/json';
  if (said === 503) { r.headersOut['Retry-After'] = '1'; }
  r.return(said, shape(r, said, text));
}

export default { refusal, rpcArguments, originalUrl, problem, errorHeaders, errorBody, explain };
