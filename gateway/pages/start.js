// Both pages show the document of this host; ?role=customer in their address is handed on.
const place = document.getElementById('page');
const address = '/api/schema/' + window.location.search;
if (window.SwaggerUIBundle) {
  window.ui = SwaggerUIBundle({
    url: address, domNode: place, deepLinking: true, docExpansion: 'none', filter: true, displayRequestDuration: true,
    defaultModelsExpandDepth: 0, validatorUrl: null,
  });
} else {
  Redoc.init(address, { hideHostname: true, expandResponses: '200,201', sortRequiredPropsFirst: true }, place);
}
