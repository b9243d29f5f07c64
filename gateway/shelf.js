// What visitors see of the catalogue: one answer for all who ask the same within a slot of time.
// The slot is part of the key, so that nothing older than CACHE_SECONDS is ever shown, and nothing must be purged.

import crypto from 'crypto';
import gateway from 'gateway.js';

function slot(r) {
  return Math.floor(Date.now() / (r.variables.cache_seconds * 1000));
}

function restKey(r) {
  return JSON.stringify([slot(r), 'rest', r.variables.rest_uri, r.variables.http_accept, r.variables.http_prefer]);
}

// If-None-Match: compared weakly, since gzip makes a strong tag weak.
function isKnown(r, tag) {
  const known = (r.headersIn['If-None-Match'] || '').split(',');
  return known.some((one) => ['*', tag].indexOf(one.trim().replace(/^W\//, '')) >= 0);
}

// A function of schema v1: its answer with a hash of it, or nothing new.
async function show(r) {
  const v = r.variables;
  // Pages link to each other and keep every parameter; elsewhere what is not known makes no answer of its own.
  v.shelf_url = v.names ? v.original_url : v.original_url.split('?')[0];
  v.shelf_key = JSON.stringify([slot(r), v.rpc + v.rpc_arguments, v.shelf_url]);
  const reply = await r.subrequest('/-/shelf/function');
  if (reply.status >= 400) {
    gateway.explain(r, reply.status, reply.responseText);
    return;
  }
  const body = reply.responseBuffer;
  const tag = '"' + crypto.createHash('md5').update(body).digest('base64url') + '"';
  r.headersOut['X-Cache'] = reply.variables.upstream_cache_status || undefined;
  r.headersOut['Content-Type'] = reply.headersOut['Content-Type'];
  r.headersOut['ETag'] = tag;
  if (isKnown(r, tag)) {
    r.status = 304;
    r.sendHeader();
    r.finish();
    return;
  }
  r.return(reply.status, body);
}

export default { show, restKey };
